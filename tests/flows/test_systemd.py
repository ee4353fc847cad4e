"""The systemd units: what they run works with a master key that the server's user cannot read where it lies."""

import base64
import configparser
import getpass
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.programs import skip_or_fail
from tests.support.second_user import SECOND_USER
from tests.support.servers import ROOT

UNITS = ROOT / "deploy" / "systemd"
PROGRAM = "/opt/authserver/.venv/bin/authserver"
SERVICES = sorted(UNITS.glob("*.service"))


@pytest.fixture
def as_root() -> None:
    """Root's rights, without which nobody becomes a second user."""
    if os.geteuid() != 0:
        skip_or_fail("only root can become a second user")


def _unit(path: Path) -> configparser.ConfigParser:
    """Return a unit's sections; of a name given twice the last counts, which no assertion here minds."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their letters
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def _words(command: str) -> list[str]:
    program, *words = command.split()
    assert program == PROGRAM
    return words


@pytest.fixture
def place() -> Iterator[Path]:
    """A machine as the README makes it: the key root's alone, a copy of it for the second user, who has one folder.

    Not below pytest's own folder, through which no other user may pass.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield _furnished(Path(folder))


def _furnished(place: Path) -> Path:
    place.chmod(0o755)
    key = place / "etc" / "master.key"
    key.parent.mkdir()
    key.write_bytes(base64.b64encode(bytes(range(32))))
    key.chmod(0o400)
    for name in ("credentials", "state"):
        folder = place / name
        folder.mkdir(mode=0o700)
        os.chown(folder, SECOND_USER, SECOND_USER)
    copy = place / "credentials" / "master.key"
    shutil.copy(key, copy)
    os.chown(copy, SECOND_USER, SECOND_USER)
    return place


def _as_the_service(place: Path, *commands: list[str]) -> list[tuple[int, str]]:
    """Run commands as systemd would: as the second user, with the drop-in's settings and the credential's folder."""
    for name in ("authserver", "migrations", "templates"):
        shutil.copytree(ROOT / name, place / "program" / name, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "support" / "second_user.py", place],
        cwd=place,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place / "program"), "PYTHONDONTWRITEBYTECODE": "1"},
        input=json.dumps(commands),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    return [(code, output) for code, output in json.loads(done.stdout)]


@pytest.mark.usefixtures("as_root")
def test_a_second_user_sets_up_rotates_and_purges_with_the_key_that_root_alone_can_read(place: Path) -> None:
    commands = [_words(_unit(service)["Service"]["ExecStart"]) for service in SERVICES]
    daily = [words for words in commands if words != ["serve"]]
    init = ["init", "--issuer", "https://login.example.com", "--dir", "STATE"]
    results = _as_the_service(place, init, *daily, ["keys", "list"])
    assert [code for code, _ in results] == [0] * 4, results
    state = place / "state"
    assert {path.name for path in state.iterdir()} >= {"authserver.toml", "authserver.sqlite"}
    assert {path.stat().st_uid for path in state.iterdir()} == {SECOND_USER}
    assert not (state / "master.key").exists()
    assert "master_key" not in (state / "authserver.toml").read_text(encoding="utf-8")


@pytest.mark.usefixtures("as_root")
def test_without_the_credential_the_key_where_it_lies_opens_nothing_for_that_user(place: Path) -> None:
    (place / "credentials" / "master.key").unlink()
    lying = f"MASTER_KEY_FILE={place / 'etc' / 'master.key'}"
    (place / "state" / "authserver.toml").write_text(lying.replace("=", ' = "') + '"\n', encoding="utf-8")
    ((code, output),) = _as_the_service(place, ["init", "--dir", "STATE"])
    assert code == 1
    assert "MASTER_KEY_FILE" in output


def test_the_units_say_whose_key_and_settings_they_use() -> None:
    shared = _unit(UNITS / "authserver-.service.d" / "authserver.conf")["Service"]
    assert shared["User"] == "authserver"
    assert shared["LoadCredential"] == "master.key:/etc/authserver/master.key"
    assert shared["Environment"] == "AUTHSERVER_CONFIG=/var/lib/authserver/authserver.toml"
    # A folder of its own with a link in it: systemd passes over a folder of drop-ins that is itself a link.
    assert not (UNITS / "authserver.service.d").is_symlink()
    assert (UNITS / "authserver.service.d" / "authserver.conf").readlink() == Path(
        "../authserver-.service.d/authserver.conf"
    )
    assert all(path.name.startswith("authserver-") for path in SERVICES if path.name != "authserver.service")


def test_every_timer_starts_a_unit_that_is_there_and_that_runs_a_command_of_ours(tmp_path: Path) -> None:
    timers = sorted(UNITS.glob("*.timer"))
    assert timers
    for timer in timers:
        assert timer.with_suffix(".service") in SERVICES
        assert _unit(timer)["Install"]["WantedBy"] == "timers.target"
    for service in SERVICES:
        words = _words(_unit(service)["Service"]["ExecStart"])
        assert CommandLine(tmp_path).run(*words, "--help").exit_code == 0


def test_the_wrapper_runs_its_words_in_a_unit_that_takes_the_drop_in(tmp_path: Path) -> None:
    record = tmp_path / "systemd-run"
    record.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    record.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        [UNITS / "authserver-admin", "user", "add", "a b"],
        env={"PATH": path, "SUDO_USER": "olga"},
        check=True,
        capture_output=True,
        text=True,
    )
    told = done.stdout.splitlines()
    program, option, asker, *words = told[told.index("--") + 1 :]
    assert (program, option, words) == (PROGRAM, "--on-behalf-of", ["user", "add", "a b"])
    assert asker in {"olga", getpass.getuser()}  # who signed in to this machine, where the system knows
    (unit,) = [word for word in told if word.startswith("--unit=")]
    assert unit.startswith("--unit=authserver-admin-")


@pytest.mark.parametrize(("code", "is_told"), [(0, False), (1, False), (2, False), (203, True), (243, True)])
def test_the_wrapper_says_where_to_look_when_systemd_could_not_run_the_command(
    tmp_path: Path, code: int, *, is_told: bool
) -> None:
    record = tmp_path / "systemd-run"
    record.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    record.chmod(0o755)
    done = subprocess.run(
        [UNITS / "authserver-admin", "keys", "list"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert ("journalctl -u authserver-admin-" in done.stderr) is is_told
