"""The demo as a person starts it: everything runs, every story goes well, and everything stops."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from authserver.accounts.factors.totp.credential import enrol_totp
from authserver.accounts.store import people
from authserver.db.engine import Database
from authserver.db.tables.grants import consents
from authserver.sandbox.check.run import STORIES
from authserver.sandbox.deployment import Setup, prepare_deployment
from authserver.sandbox.layout import DemoLayout, DemoPorts
from authserver.sandbox.people import PEOPLE
from authserver.sealing.master_key import MasterKeyEnvelope, read_master_key
from tests.support.authority import NOW
from tests.support.demo_process import free_ports
from tests.support.servers import ROOT, accepts, free_ports_in_a_row, running, wait_until

_PATIENCE_SECONDS = 240
_STEPS = 63


def command(folder: Path, ports: DemoPorts, *more: str) -> list[str]:
    numbers = f"{ports.server},{ports.server_mtls},{ports.bank},{ports.app}"
    return [sys.executable, "-m", "tests.support.demo_process", str(folder), numbers, *more]


def all_of(ports: DemoPorts) -> list[tuple[str, int]]:
    return [("127.0.0.1", port) for port in (ports.server, ports.server_mtls, ports.bank, ports.app)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for every run: the second must find its way with what the first left."""
    return tmp_path_factory.mktemp("demo")


def test_every_story_goes_well_and_again_in_a_folder_where_someone_tried_the_demo(folder: Path) -> None:
    _try_the_demo(DemoLayout(folder, free_ports()))
    for _ in range(2):
        ports = free_ports()
        done = subprocess.run(
            command(folder, ports, "--check"),
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("\u2713") == _STEPS
        assert "\u2717" not in done.stdout
        assert f"{len(STORIES)} of {len(STORIES)} stories went well." in done.stdout
        assert not any(accepts(address) for address in all_of(ports)), "nothing listens any more"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_whole_when_told(folder: Path, tmp_path: Path, number: signal.Signals) -> None:
    ports = free_ports()
    # As a script's background job is started, with SIGINT ignored.
    in_background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command(folder, ports)]
    with running(in_background, tmp_path / "log") as process:
        wait_until(lambda: "The demo runs" in (tmp_path / "log").read_text(), "the welcome", patience_seconds=60)
        assert all(accepts(address) for address in all_of(ports))
        process.send_signal(number)
        assert process.wait(15) == 0
    assert not any(accepts(address) for address in all_of(ports))


def test_it_stops_whole_when_one_of_its_servers_cannot_run(folder: Path, tmp_path: Path) -> None:
    ports = free_ports()
    taken = DemoPorts(ports.server, ports.server_mtls, ports.bank, ports.bank)
    with running(command(folder, taken), tmp_path / "log") as process:
        assert process.wait(60) == 1
    assert "ended with status" in (tmp_path / "log").read_text()
    assert not any(accepts(address) for address in all_of(ports))


def test_another_port_moves_all_four_servers(tmp_path: Path) -> None:
    first = free_ports().server
    ports = DemoPorts.starting_at(first)
    program = [
        sys.executable,
        "-m",
        "authserver.cli.main",
        "demo",
        "--dir",
        str(tmp_path / "demo"),
        "--port",
        str(first),
    ]
    with running(program, tmp_path / "log") as process:
        wait_until(lambda: "The demo runs" in (tmp_path / "log").read_text(), "the welcome", patience_seconds=60)
        assert all(accepts(address) for address in all_of(ports))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def test_beside_a_running_demo_another_one_changes_nothing_of_it(tmp_path: Path) -> None:
    ports, work, script = free_ports(), tmp_path / "work", [sys.executable, "-m", "authserver.cli.main", "demo"]
    work.mkdir()
    with running(command(work / "demo-data", ports), tmp_path / "log"):
        wait_until(lambda: "The demo runs" in (tmp_path / "log").read_text(), "the welcome", patience_seconds=60)
        before = (work / "demo-data" / "authserver.toml").read_bytes()
        refused = subprocess.run(
            [*script, "--dir", "demo-data", "--port", "29443"], cwd=work, check=False, capture_output=True, text=True
        )
        assert (refused.returncode, "another demo runs from" in refused.stderr) == (1, True), refused
        other = free_ports_in_a_row(4)
        in_folder = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(work), *script, "--port", str(other)]
        with running(in_folder, tmp_path / "other"):
            wait_until(lambda: "The demo" in (tmp_path / "other").read_text(), "a word of it", patience_seconds=60)
        assert "The demo runs" in (tmp_path / "other").read_text()
        assert (work / "demo-data" / "authserver.toml").read_bytes() == before
        assert (work / f"demo-data-{other}").is_dir()


def _try_the_demo(places: DemoLayout) -> None:
    """Do to the people of the demo what a person may: add other second factors, and be locked out."""
    prepare_deployment(places, NOW, Setup())
    envelope = MasterKeyEnvelope(read_master_key(places.folder / "master.key"))
    database = Database.connect(places.database_url, threads=1)
    with database.transaction() as connection:
        for person in PEOPLE:
            account = people.find_by_username(connection, person.username)
            assert account is not None
            enrol_totp(connection, envelope, account.account_id, "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK", NOW)
            people.lock(connection, account.account_id, NOW)
    database.dispose()


def test_nobody_has_allowed_anything_before_they_did(tmp_path: Path) -> None:
    places = DemoLayout(tmp_path / "demo", DemoPorts())
    prepare_deployment(places, NOW, Setup())
    database = Database.connect(places.database_url, threads=1)
    with database.read() as connection:
        assert connection.execute(select(consents.c.consent_id)).all() == []
    database.dispose()


def test_no_key_or_secret_of_the_demo_is_readable_by_others(tmp_path: Path) -> None:
    places = DemoLayout(tmp_path / "demo", DemoPorts())
    prepare_deployment(places, NOW, Setup())
    secret = [path for path in places.folder.rglob("*") if path.suffix in {".key", ".jwk", ".secret"}]
    assert secret
    assert all(path.stat().st_mode & 0o077 == 0 for path in secret)


def test_certificates_that_soon_expire_are_made_anew_and_keys_of_clients_stay(tmp_path: Path) -> None:
    places = DemoLayout(tmp_path / "demo", DemoPorts())
    prepare_deployment(places, NOW, Setup())
    before = {path.name: path.read_bytes() for path in places.folder.rglob("*") if path.suffix in {".pem", ".jwk"}}
    prepare_deployment(places, NOW, Setup())
    same = {path.name: path.read_bytes() for path in places.folder.rglob("*") if path.suffix in {".pem", ".jwk"}}
    assert same == before
    prepare_deployment(places, NOW + 29 * 86_400, Setup())
    after = {path.name: path.read_bytes() for path in places.folder.rglob("*") if path.suffix in {".pem", ".jwk"}}
    assert after["authority.pem"] == before["authority.pem"]
    assert after["server.pem"] != before["server.pem"]
    assert after["penny-planner.jwk"] == before["penny-planner.jwk"]


def test_it_starts_beside_nothing_that_listens_already(folder: Path) -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports.bank)):
        done = subprocess.run(
            command(folder, ports, "--check"), cwd=ROOT, check=False, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert f"port {ports.bank} is in use" in done.stderr
    assert "\u2713" not in done.stdout
