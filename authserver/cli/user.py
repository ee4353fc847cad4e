"""`authserver user`: the people."""

import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from authserver.accounts import activities
from authserver.accounts.activities import note
from authserver.accounts.factor_changes import remove_all
from authserver.accounts.password_policy import check_password, context_words_of
from authserver.accounts.passwords import SALT_BYTES, hash_password
from authserver.accounts.second_factor import enrol_totp
from authserver.accounts.store import people as store
from authserver.accounts.store.factors import find_enrolled, hold_account
from authserver.accounts.store.invitations import remove_unclaimed
from authserver.accounts.totp import SEED_BYTES, new_seed, parse_seed, provisioning_uri
from authserver.app.notices import notifier_of
from authserver.cli.account_arguments import find_account, letters_of, parse_name, read_claims, send_letters
from authserver.cli.deployment import open_deployment, require_envelope
from authserver.cli.output import fail, json_option, moment, print_record, print_rows
from authserver.cli.user_changes import activity, delete, invite_command, update
from authserver.clock import system_clock
from authserver.grants.revoke import end_sharing
from authserver.notices.model import FACTORS_RESET, GENERATOR_ADDED
from authserver.sessions import lifecycle


@click.group()
def user() -> None:
    """Create and keep accounts."""


for command in (invite_command, update, delete, activity):
    user.add_command(command)


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@click.option("--email", help="The person's email address.")
@click.option("--claims", "claims_file", type=click.Path(path_type=Path, exists=True), help="A JSON file of claims.")
@json_option
def add(name: str, email: str | None, claims_file: Path | None, *, password_stdin: bool, as_json: bool) -> None:
    """Create an account for NAME."""
    settings, database = open_deployment()
    username = parse_name(name)
    claims = read_claims(claims_file, email)
    words = context_words_of(username, claims, settings.site_name)
    password_hash = _hash_new_password(_ask_password(from_stdin=password_stdin), words)
    with database.transaction() as connection:
        account = store.create(connection, username, claims, password_hash, system_clock())
    if account is None:
        fail(f"the username {username} is taken")
    print_record({"username": account.username, "account_id": account.account_id}, as_json=as_json)


@user.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List every account."""
    _, database = open_deployment()
    with database.read() as connection:
        accounts = store.find_all(connection)
    rows = [
        {
            "username": account.username,
            "state": "locked" if account.locked else "open",
            "since": moment(account.created_at),
            "account_id": account.account_id,
        }
        for account in accounts
    ]
    print_rows(rows, as_json=as_json, empty="There is no account yet; create one with: authserver user add NAME")


@user.command()
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Print one account; no secret is in it."""
    _, database = open_deployment()
    with database.read() as connection:
        account = find_account(connection, name)
        enrolled = find_enrolled(connection, account.account_id)
    factors = {name: held for name, held in asdict(enrolled).items() if name != "passkey_offered"}
    record = {
        "username": account.username,
        "account_id": account.account_id,
        "state": "locked" if account.locked else "open",
        "since": moment(account.created_at),
        **factors,
        "claims": dict(account.claims),
    }
    print_record(record, as_json=as_json)


@user.command()
@click.argument("name")
def lock(name: str) -> None:
    """Lock an account: its sessions, grants and invitations end, and what is unlocked later starts anew."""
    _, database = open_deployment()
    now = system_clock()
    with database.transaction() as connection:
        account = find_account(connection, name)
        store.lock(connection, account.account_id, now)
        remove_unclaimed(connection, account.account_id)
        lifecycle.end_all(connection, account.account_id, now)
        end_sharing(connection, account.account_id, None, "account_locked", now)
    click.echo(f"{account.username} is locked.")


@user.command()
@click.argument("name")
@click.option("--client", "client_id", help="Only what this client was allowed.")
def revoke(name: str, client_id: str | None) -> None:
    """Take back what NAME allowed apps: consents, grants and tokens end at once."""
    _, database = open_deployment()
    with database.transaction() as connection:
        account = find_account(connection, name)
        ended = end_sharing(connection, account.account_id, client_id, "revoked_by_operator", system_clock())
    click.echo(f"{ended} grants of {account.username} have ended.")


@user.command()
@click.argument("name")
def unlock(name: str) -> None:
    """Open a locked account again."""
    _, database = open_deployment()
    with database.transaction() as connection:
        account = find_account(connection, name)
        store.unlock(connection, account.account_id)
    click.echo(f"{account.username} is open.")


@user.command(name="reset-mfa")
@click.argument("name")
def reset_mfa(name: str) -> None:
    """Take away every factor but the password (code generator, passkeys, recovery codes) and end all sessions.

    For a person who lost them all, or whose only passkey was closed as a possible copy. The person is told of it.
    """
    (settings, database), now = open_deployment(), system_clock()
    letters = letters_of(settings, database)
    with database.transaction() as connection:
        account = find_account(connection, name)
        removed = remove_all(connection, account.account_id)
        lifecycle.end_all(connection, account.account_id, now)
        if removed:
            note(connection, account.account_id, activities.FACTORS_RESET, now)
            notifier_of(letters)(connection, account.account_id, FACTORS_RESET, now)
    if removed:
        send_letters(letters, account, now)
    click.echo(f"{account.username} {'has no second factor any more' if removed else 'had no second factor'}.")


@user.command()
@click.argument("name")
@click.option(
    "--secret",
    "given",
    help="The seed in base32, to take over an enrolment; - reads it from standard input. By default a new one is made.",
)
@json_option
def totp(name: str, given: str | None, *, as_json: bool) -> None:
    """Enrol a code generator for NAME and print its otpauth URI, this once.

    A seed that is given as an argument can be read by everyone on the machine while the command runs; better is
    `--secret -`, with the seed on standard input.
    """
    settings, database = open_deployment()
    seed = _read_seed(given)
    envelope, letters, now = require_envelope(settings), letters_of(settings, database), system_clock()
    with database.transaction() as connection:
        account = find_account(connection, name)
        hold_account(connection, account.account_id)
        enrol_totp(connection, envelope, account.account_id, seed, now)
        lifecycle.end_all(connection, account.account_id, now)
        note(connection, account.account_id, activities.GENERATOR_ADDED, now)
        notifier_of(letters)(connection, account.account_id, GENERATOR_ADDED, now)
    send_letters(letters, account, now)
    uri = provisioning_uri(seed, username=account.username, issuer_name=settings.site_name)
    print_record({"username": account.username, "otpauth_uri": uri}, as_json=as_json)


def _read_seed(given: str | None) -> str:
    """Return the seed of the option `--secret`, or a new one."""
    if given is None:
        return new_seed(os.urandom(SEED_BYTES))
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


def _hash_new_password(password: str, context_words: Iterable[str]) -> str:
    try:
        check_password(password, context_words)
    except ValueError as error:
        fail(str(error))
    return hash_password(password, os.urandom(SALT_BYTES))
