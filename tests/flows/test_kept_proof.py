"""A person clicks through the demo and approves a payment with a passkey: the proof is left in the demo's folder."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authserver.assets import find_assets
from authserver.banking.store import claim_approval
from authserver.banking.verify import verify_proof
from authserver.clock import system_clock
from authserver.db import migrate
from authserver.db.engine import Database
from authserver.sandbox.check.authenticator import make_passkey
from authserver.sandbox.check.browser import FormBrowser
from authserver.sandbox.check.context import ScriptedPerson
from authserver.sandbox.latest_proof import LatestProof
from authserver.sandbox.layout import DemoLayout, DemoPorts
from authserver.sandbox.people import ALICE
from authserver.sandbox.third_party.http import HttpsClient
from authserver.values import replace
from tests.support.demo_process import free_ports
from tests.support.payment_proofs import approve
from tests.support.servers import running, wait_until


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> DemoLayout:
    """The places of a demo."""
    return DemoLayout(tmp_path_factory.mktemp("demo"), free_ports())


@pytest.fixture(scope="module")
def log(places: DemoLayout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a demo prints that runs for a person to click through."""
    ports = places.ports
    numbers = f"{ports.server},{ports.server_mtls},{ports.bank},{ports.app}"
    found = tmp_path_factory.mktemp("log") / "log"
    with running([sys.executable, "-m", "tests.support.demo_process", str(places.folder), numbers], found):
        wait_until(lambda: "The demo runs" in found.read_text(), "the welcome", patience_seconds=60)
        yield found


def _check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "authserver.cli.main", "sca", "verify", str(path)]
    return subprocess.run(command, env={}, capture_output=True, text=True, check=False)


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_payment_approved_with_a_passkey_leaves_its_proof(places: DemoLayout, log: Path, tmp_path: Path) -> None:
    https = HttpsClient(places.authority)
    alice, app = ScriptedPerson(ALICE, FormBrowser(https, places.issuer), system_clock), FormBrowser(https, places.app)
    page = alice.walk(f"{places.issuer}/account/passkeys")
    alice.passkey, credential = make_passkey(page.form_of("submit").passkey_options, places.issuer)
    alice.browser.press(page, "submit", {"credential": credential})
    assert not places.payment_proof.exists()

    leaving = app.press(app.open(f"{places.app}/pay"), "submit", {"amount": "125.40", "payee": "Bäckerei Huber"})
    assert "Your payment is made" in app.open(alice.walk(leaving.left_for).left_for).text

    wait_until(places.payment_proof.exists, "the proof", patience_seconds=20)
    wait_until(lambda: "sca verify" in log.read_text(), "the command that checks it", patience_seconds=20)
    told = log.read_text()
    assert "Amount: €125.40\n  To: Bäckerei Huber" in told
    assert f"sca verify {places.payment_proof}" in told
    proven = _check(places.payment_proof)
    assert (proven.returncode, proven.stderr) == (0, "")
    assert json.loads(places.payment_proof.read_text("utf-8"))["payment"]["instructedAmount"]["amount"] == "125.40"
    copy = tmp_path / "copy.json"
    copy.write_text(places.payment_proof.read_text("utf-8").replace("125.40", "125.41"), encoding="utf-8")
    assert _check(copy).returncode == 1


@pytest.fixture
def kept(tmp_path: Path, database: Database) -> LatestProof:
    """A folder without a proof yet, and the server's records."""
    return LatestProof(tmp_path / "payment-proof.json", database, "")


def _approve(database: Database, number: int, **changes: Any) -> None:  # noqa: ANN401 - members of the evidence
    evidence = replace(approve(), approval_id=f"approval-{number}", approved_at=1_800_000_000 + number, **changes)
    with database.transaction() as connection:
        assert claim_approval(connection, bytes([number]) * 32, evidence)


def test_it_is_that_of_the_latest_approval_by_passkey_and_written_once(kept: LatestProof, database: Database) -> None:
    assert kept.renew() is None
    assert not kept.path.exists()
    _approve(database, 1)
    _approve(database, 2, assertion=None, method="otp")
    found = kept.renew()
    assert found is not None
    assert found.approval_id == "approval-1"
    assert verify_proof(kept.path.read_bytes())
    assert kept.renew() is None
    _approve(database, 3)
    assert (kept.renew() or found).approval_id == "approval-3"
    assert [path.name for path in kept.path.parent.iterdir() if path.name.startswith("payment-proof")] == [
        "payment-proof.json"
    ]


def test_what_was_approved_in_an_earlier_run_is_no_news(tmp_path: Path) -> None:
    places = DemoLayout(tmp_path, DemoPorts())
    database = Database.connect(places.database_url, threads=1)
    migrate.upgrade(database, find_assets("migrations"))
    _approve(database, 1)
    kept = LatestProof.open(places)
    assert kept.renew() is None
    _approve(database, 2)
    found = kept.renew()
    assert found is not None
    assert found.approval_id == "approval-2"
    kept.database.dispose()
    database.dispose()
