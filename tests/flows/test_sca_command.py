"""`authserver sca`: whoever holds a proof checks it, anywhere; the operator lists and exports them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from authserver.banking.evidence import dump_evidence, encode
from authserver.banking.store import claim_approval
from authserver.db.engine import Database
from authserver.values import replace
from tests.support.command_line import CommandLine
from tests.support.payment_proofs import ORIGIN, approve, cose_key, customer_key
from tests.support.servers import ROOT

APPROVED = approve()
PROOF = dump_evidence(APPROVED)
_GUIDE = ROOT / "docs" / "payment-proof.md"


def _anywhere(folder: Path, proof: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run `sca verify` with an empty environment in an empty folder."""
    command = [sys.executable, "-m", "authserver.cli.main", "sca", "verify", "-", *words]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, input=proof, capture_output=True, text=True, check=False
    )


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_proof_is_checked_with_no_configuration_and_no_database(tmp_path: Path) -> None:
    done = _anywhere(tmp_path, PROOF)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Amount: €125.40" in done.stdout
    assert "ok    signature" in done.stdout
    assert "FAIL" not in done.stdout
    assert not list(tmp_path.iterdir())


def test_checking_a_proof_loads_neither_server_nor_database() -> None:
    program = "import sys, authserver.cli.sca; print(sorted(set(sys.modules) & {'flask', 'sqlalchemy', 'urllib3'}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


_COPIES: list[tuple[str, Callable[[str], str], str]] = [
    ("one cent", lambda text: text.replace("125.40", "125.41"), "challenge"),
    ("one cent, the text left as it was", lambda text: text.replace('"125.40"', '"125.41"'), "text, challenge"),
    ("the payee", lambda text: text.replace("Bäckerei Huber", "Bäckerei Huger"), "challenge"),
    ("a letter of the text", lambda text: text.replace("To: B", "to: B"), "text, challenge"),
    ("the origin", lambda text: text.replace(ORIGIN, "https://login.bank.exemple"), "origin, rp_id"),
    ("the signature", lambda text: text.replace('"signature": "ME', '"signature": "MF'), "signature"),
    ("a second amount", lambda text: text.replace('"amount":', '"amount": "1.00", "amount":'), "format"),
]


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2")
@pytest.mark.parametrize(("tamper", "failed"), [each[1:] for each in _COPIES], ids=[each[0] for each in _COPIES])
def test_a_tampered_copy_fails_by_name(tmp_path: Path, tamper: Callable[[str], str], failed: str) -> None:
    assert tamper(PROOF) != PROOF
    done = _anywhere(tmp_path, tamper(PROOF))
    assert done.returncode == 1
    assert f"not proven: {failed}" in done.stderr


def test_the_data_for_programs_names_every_check(tmp_path: Path) -> None:
    found = json.loads(_anywhere(tmp_path, PROOF, "--json").stdout)
    assert found["proven"] is True
    assert {check["passed"] for check in found["checks"]} == {True}
    tampered = json.loads(_anywhere(tmp_path, PROOF.replace("125.40", "125.41"), "--json").stdout)
    assert [check["name"] for check in tampered["checks"] if not check["passed"]] == ["challenge"]


def test_what_is_known_from_elsewhere_is_asked_for(tmp_path: Path) -> None:
    line, path = CommandLine(tmp_path), tmp_path / "proof.json"
    path.write_text(PROOF, encoding="utf-8")
    key = encode(cose_key(customer_key()))
    line.done("sca", "verify", str(path), "--origin", ORIGIN, "--public-key", key, "--client-id", "tiny-ledger")
    assert "client" in line.refused("sca", "verify", str(path), "--client-id", "other")
    assert "public_key" in line.refused("sca", "verify", str(path), "--public-key", encode(b"other"))


def test_a_forged_text_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    done = _anywhere(tmp_path, PROOF.replace("Amount:", "\\u001b[2Jproven"))
    assert "\x1b" not in done.stdout
    assert "[U+001B]" in done.stdout


def test_the_operator_lists_and_exports_what_was_approved(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "data")
    line.init()
    assert "No payment has been approved yet." in line.done("sca", "list")
    database = Database.connect(f"sqlite:///{next((tmp_path / 'data').rglob('*.sqlite'))}")
    unlinked = replace(APPROVED, approval_id="approval-2", method="otp", assertion=None, approved_at=1_800_000_001)
    with database.transaction() as connection:
        assert claim_approval(connection, b"1" * 32, APPROVED)
        assert claim_approval(connection, b"2" * 32, unlinked)
    database.dispose()

    rows = line.data("sca", "list")
    assert [(row["approval_id"], row["amount"], row["linked"]) for row in rows] == [
        ("approval-2", "125.40 EUR", "no"),
        ("approval-1", "125.40 EUR", "yes"),
    ]
    assert line.done("sca", "export", "approval-1") == PROOF
    path = tmp_path / "proof.json"
    line.done("sca", "export", "approval-2", "--output", str(path))
    assert line.refused("sca", "verify", str(path)) == "not proven: linked"
    assert "No such file" in line.refused(
        "sca", "export", "approval-1", "--output", str(tmp_path / "no" / "proof.json")
    )
    assert "no approval of that id" in line.refused("sca", "export", "approval-3")


@pytest.mark.spec("RTS-SCA-5.1")
def test_the_program_in_the_guide_checks_a_proof_without_ours(tmp_path: Path) -> None:
    program = _GUIDE.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    (tmp_path / "proof.json").write_text(PROOF, encoding="utf-8")
    command = [sys.executable, "-c", program, "proof.json"]
    assert subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, check=True).stdout.startswith(b"Amount: ")
    (tmp_path / "proof.json").write_text(PROOF.replace("125.40", "125.41"), encoding="utf-8")
    assert subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, check=False).returncode == 1
