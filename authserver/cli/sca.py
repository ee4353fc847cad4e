"""`authserver sca`: proofs that a person approved a payment."""

import json
from typing import BinaryIO, TextIO

import click
from msgspec.structs import asdict

from authserver.banking.document import MAX_BYTES
from authserver.banking.evidence import Evidence, dump_evidence
from authserver.banking.text import payment_amount
from authserver.banking.verify import STATED, Expected, Verdict, verify_proof
from authserver.cli.output import TakesId, fail, json_option, moment, print_rows
from authserver.protocol.safe_text import neutralise


@click.group()
def sca() -> None:
    """See, export and check proofs that a person approved a payment."""


@sca.command()
@click.argument("proof", type=click.File("rb"))
@click.option("--origin", help="The origin at which the person must have approved.")
@click.option("--public-key", help="The passkey's public key from the bank's records: COSE in base64url.")
@click.option("--client-id", help="The app that the approval must be for.")
@json_option
def verify(
    proof: BinaryIO, origin: str | None, public_key: str | None, client_id: str | None, *, as_json: bool
) -> None:
    """Check a proof in the file PROOF (- reads standard input); exit 1 if any check fails.

    Needs no configuration, no database and no network: see docs/payment-proof.md for what is checked, and how to check
    it without this program.
    """
    verdict = verify_proof(proof.read(MAX_BYTES + 1), Expected(origin, public_key, client_id))
    if as_json:
        _print_json(verdict)
    else:
        _print_lines(verdict)
    if not verdict:
        fail(f"not proven: {', '.join(verdict.failed())}")


@sca.command(name="list")
@click.option(
    "--most",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="How many approvals at most, latest first.",
)
@json_option
def list_command(most: int, *, as_json: bool) -> None:
    """List the latest approvals."""
    from authserver.cli.approval_records import read_latest  # noqa: PLC0415 - `verify` must load no server

    rows = [_row(evidence) for evidence in read_latest(most)]
    print_rows(rows, as_json=as_json, empty="No payment has been approved yet.")


@sca.command(cls=TakesId)
@click.argument("approval_id", metavar="ID")
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8", lazy=True),
    metavar="FILE",
    default="-",
    help="The file to write. Default: standard output.",
)
def export(approval_id: str, output: TextIO) -> None:
    """Write the proof of the approval ID, which `authserver sca verify` and anyone else can check."""
    from authserver.cli.approval_records import read_one  # noqa: PLC0415 - `verify` must load no server

    evidence = read_one(approval_id)
    if evidence is None:
        fail("there is no approval of that id; see: authserver sca list")
    output.write(dump_evidence(evidence))


def _print_lines(verdict: Verdict) -> None:
    if verdict.evidence is not None:
        click.echo(_indented(verdict.evidence))
    for check in verdict.checks:
        word = "ok  " if check.passed else "FAIL"
        click.echo(f"{word}  {check.name}: {'' if check.passed else 'not so: '}{neutralise(check.detail)}")
    if verdict:
        click.echo("proven: whoever holds this key was shown this text and approved this, at this origin, for this app")
        click.echo(f"stated, not signed: {', '.join(STATED)}")
        click.echo("whose key it is, and when they approved, only your own records say: compare (--public-key)")


def _indented(evidence: Evidence) -> str:
    """Return the text without what a forger might tell a terminal with it."""
    return "".join(f"    {neutralise(line)}\n" for line in evidence.text.split("\n"))


def _print_json(verdict: Verdict) -> None:
    checks = [asdict(check) for check in verdict.checks]
    click.echo(json.dumps({"proven": bool(verdict), "checks": checks, "not_signed": STATED}, indent=2))


def _row(evidence: Evidence) -> dict[str, object]:
    amount = payment_amount(evidence.payment)
    return {
        "approval_id": evidence.approval_id,
        "approved_at": moment(evidence.approved_at),
        "type": evidence.payment["type"],
        "amount": f"{amount['amount']} {amount['currency']}",
        "method": evidence.method,
        "linked": "yes" if evidence.linked else "no",
        "client_id": evidence.client_id,
        "subject": evidence.subject,
    }
