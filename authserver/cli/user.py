"""`authserver user`: the people."""

import sys
from pathlib import Path

import click

from authserver.accounts.factors.totp.codes import parse_seed, provisioning_uri
from authserver.cli.account_arguments import claims_option, email_option, find_account, parse_name, read_claims
from authserver.cli.deployment import open_deployment
from authserver.cli.operators import open_operator, operation
from authserver.cli.output import fail, json_option, moment, print_done, print_record, print_rows
from authserver.cli.user_changes import activity, delete, invite, update
from authserver.operations import lookups
from authserver.operations.acts import (
    AddAccount,
    EndSharing,
    EnrolGenerator,
    LockAccount,
    ResetFactors,
    UnlockAccount,
)


@click.group()
def user() -> None:
    """Create and manage accounts."""


for command in (invite, update, delete, activity):
    user.add_command(command)


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@email_option
@claims_option
@operation
def add(
    name: str, email: str | None, claims_file: Path | None, reason: str, *, password_stdin: bool, as_json: bool
) -> None:
    """Create an account for NAME."""
    operator, username = open_operator(), parse_name(name)
    act = AddAccount(username, read_claims(claims_file), email, reason=reason)
    account = operator.perform(act, secret=_ask_password(from_stdin=password_stdin))
    print_record({"username": account.username, "account_id": account.account_id}, as_json=as_json)


@user.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List every account."""
    _, database = open_deployment()
    rows = [
        {
            "username": account.username,
            "state": "locked" if account.locked else "open",
            "since": moment(account.created_at),
            "account_id": account.account_id,
        }
        for account in lookups.list_accounts(database)
    ]
    print_rows(rows, as_json=as_json, empty="There is no account yet; create one with: authserver user add NAME")


@user.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Print one account, without any secret."""
    _, database = open_deployment()
    account = find_account(database, name)
    record = {
        "username": account.username,
        "account_id": account.account_id,
        "state": "locked" if account.locked else "open",
        "since": moment(account.created_at),
        **lookups.find_factors(database, account.account_id),
        "claims": dict(account.claims),
    }
    print_record(record, as_json=as_json)


@user.command()
@click.argument("name")
@operation
def lock(name: str, reason: str, *, as_json: bool) -> None:
    """Lock an account and end its sessions, grants and invitations; unlocking does not bring them back."""
    operator = open_operator()
    account = find_account(operator.database, name)
    operator.perform(LockAccount(account.account_id, reason=reason))
    print_done(f"{account.username} is locked.", {"username": account.username, "state": "locked"}, as_json=as_json)


@user.command()
@click.argument("name")
@click.option("--client", "client_id", help="End only what this client was allowed.")
@operation
def revoke(name: str, client_id: str | None, reason: str, *, as_json: bool) -> None:
    """End everything that NAME allowed apps: consents, grants and tokens, at once."""
    operator = open_operator()
    account = find_account(operator.database, name)
    ended = operator.perform(EndSharing(account.account_id, client_id, reason=reason))
    sentence = f"{ended} grants of {account.username} have ended."
    print_done(sentence, {"username": account.username, "ended_grants": ended}, as_json=as_json)


@user.command()
@click.argument("name")
@operation
def unlock(name: str, reason: str, *, as_json: bool) -> None:
    """Unlock a locked account."""
    operator = open_operator()
    account = find_account(operator.database, name)
    operator.perform(UnlockAccount(account.account_id, reason=reason))
    print_done(f"{account.username} is open.", {"username": account.username, "state": "open"}, as_json=as_json)


@user.command(name="reset-mfa")
@click.argument("name")
@operation
def reset_mfa(name: str, reason: str, *, as_json: bool) -> None:
    """Remove every factor except the password (authenticator app, passkeys, recovery codes) and end all sessions.

    For a person who lost them, or whose only passkey was blocked as a possible copy. The person is told.
    """
    operator = open_operator()
    account = find_account(operator.database, name)
    removed = operator.perform(ResetFactors(account.account_id, reason=reason))
    if removed:
        operator.send_letters(account)
    sentence = f"{account.username} {'has no second factor any more' if removed else 'had no second factor'}."
    print_done(sentence, {"username": account.username, "had_second_factor": removed}, as_json=as_json)


@user.command()
@click.argument("name")
@click.option(
    "--secret",
    "given",
    help="An existing seed in base32; - reads it from standard input. Default: a new seed.",
)
@operation
def totp(name: str, given: str | None, reason: str, *, as_json: bool) -> None:
    """Enrol an authenticator app for NAME and print its otpauth URI once.

    A seed that is given as an argument can be read by everyone on the machine while the command runs; better is
    `--secret -`, with the seed on standard input.
    """
    operator, seed = open_operator(), _read_seed(given)
    account = find_account(operator.database, name)
    seed = operator.perform(EnrolGenerator(account.account_id, reason=reason), secret=seed)
    operator.send_letters(account)
    uri = provisioning_uri(seed, username=account.username, issuer_name=operator.settings.site_name)
    print_record({"username": account.username, "otpauth_uri": uri}, as_json=as_json)


def _read_seed(given: str | None) -> str | None:
    """Return the seed of the option `--secret`, or None where a new one is to be made."""
    if given is None:
        return None
    if given == "-":
        given = sys.stdin.readline()
    else:
        click.echo("--secret: the process list shows this seed to everyone on the machine; use --secret -", err=True)
    try:
        return parse_seed(given)
    except ValueError as error:
        fail(f"--secret: {error}")


def _ask_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
