"""`authserver user`: the people."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from authserver.accounts import activities
from authserver.accounts.activities import note
from authserver.accounts.factor_changes import remove_all
from authserver.accounts.invitations import invite
from authserver.accounts.model import Account, parse_claims, parse_username
from authserver.accounts.password_policy import check_password, context_words_of
from authserver.accounts.passwords import SALT_BYTES, hash_password
from authserver.accounts.second_factor import enrol_totp
from authserver.accounts.store import people as store
from authserver.accounts.store.factors import find_enrolled, hold_account
from authserver.accounts.store.invitations import remove_unclaimed
from authserver.accounts.totp import SEED_BYTES, new_seed, parse_seed, provisioning_uri
from authserver.app.notices import build_queue, notifier_of
from authserver.cli.deployment import open_deployment, require_envelope
from authserver.cli.output import fail, json_option, moment, print_record, print_rows
from authserver.clock import system_clock
from authserver.db.engine import Connection, Database
from authserver.grants.revoke import end_sharing
from authserver.notices.model import FACTORS_RESET, GENERATOR_ADDED
from authserver.outbound.sender import Sender
from authserver.sessions import lifecycle
from authserver.settings.model import Settings


@click.group()
def user() -> None:
    """Create and keep accounts."""


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@click.option("--email", help="The person's email address.")
@click.option("--claims", "claims_file", type=click.Path(path_type=Path, exists=True), help="A JSON file of claims.")
@json_option
def add(name: str, email: str | None, claims_file: Path | None, *, password_stdin: bool, as_json: bool) -> None:
    """Create an account for NAME."""
    settings, database = open_deployment()
    username = _parse_name(name)
    claims = _read_claims(claims_file, email)
    words = context_words_of(username, claims, settings.site_name)
    password_hash = _hash_new_password(_ask_password(from_stdin=password_stdin), words)
    with database.transaction() as connection:
        account = store.create(connection, username, claims, password_hash, system_clock())
    if account is None:
        fail(f"the username {username} is taken")
    print_record({"username": account.username, "account_id": account.account_id}, as_json=as_json)


@user.command(name="invite")
@click.argument("name")
@click.option("--email", help="The person's email address.")
@click.option("--claims", "claims_file", type=click.Path(path_type=Path, exists=True), help="A JSON file of claims.")
@json_option
def invite_command(name: str, email: str | None, claims_file: Path | None, *, as_json: bool) -> None:
    """Print a link by which NAME sets up how they sign in, once; a new account is created for a new NAME.

    Hand it over as safely as a password: until it is used, it is as good as the account.
    """
    settings, database = open_deployment()
    username, now = _parse_name(name), system_clock()
    with database.transaction() as connection:
        account = store.find_by_username(connection, username)
        if account is None:
            account = store.create(connection, username, _read_claims(claims_file, email), None, now)
        if account is None:
            fail(f"the username {username} is taken")
        if account.locked or find_enrolled(connection, account.account_id).has_second_factor:
            fail(f"{username} is locked or has a second factor; see: authserver user unlock, authserver user reset-mfa")
        invitation = invite(connection, account.account_id, now, settings.invitation_lifetime)
    record = {
        "username": account.username,
        "link": f"{settings.issuer}/invitation?invitation={invitation}",
        "until": moment(now + settings.invitation_lifetime),
    }
    print_record(record, as_json=as_json)


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
        account = _find(connection, name)
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
        account = _find(connection, name)
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
        account = _find(connection, name)
        ended = end_sharing(connection, account.account_id, client_id, "revoked_by_operator", system_clock())
    click.echo(f"{ended} grants of {account.username} have ended.")


@user.command()
@click.argument("name")
def unlock(name: str) -> None:
    """Open a locked account again."""
    _, database = open_deployment()
    with database.transaction() as connection:
        account = _find(connection, name)
        store.unlock(connection, account.account_id)
    click.echo(f"{account.username} is open.")


@user.command(name="reset-mfa")
@click.argument("name")
def reset_mfa(name: str) -> None:
    """Take away every factor but the password (code generator, passkeys, recovery codes) and end all sessions.

    For a person who lost them all, or whose only passkey was closed as a possible copy. The person is told of it.
    """
    (settings, database), now = open_deployment(), system_clock()
    letters = _letters(settings, database)
    with database.transaction() as connection:
        account = _find(connection, name)
        removed = remove_all(connection, account.account_id)
        lifecycle.end_all(connection, account.account_id, now)
        if removed:
            note(connection, account.account_id, activities.FACTORS_RESET, now)
            notifier_of(letters)(connection, account.account_id, FACTORS_RESET, now)
    if removed:
        _send(letters, account, now)
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
    envelope, letters, now = require_envelope(settings), _letters(settings, database), system_clock()
    with database.transaction() as connection:
        account = _find(connection, name)
        hold_account(connection, account.account_id)
        enrol_totp(connection, envelope, account.account_id, seed, now)
        lifecycle.end_all(connection, account.account_id, now)
        note(connection, account.account_id, activities.GENERATOR_ADDED, now)
        notifier_of(letters)(connection, account.account_id, GENERATOR_ADDED, now)
    _send(letters, account, now)
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


def _letters(settings: Settings, database: Database) -> Sender | None:
    """Return the queue in which a command leaves its letters, with the act that they tell of."""
    return build_queue(settings, database, lambda _event: None, system_clock)


def _send(letters: Sender | None, account: Account, now: int) -> None:
    """Tell the person at once of what was done to their account for them, or for someone who only said so.

    Spec: ASVS5-6.3.7
    """
    if letters is not None and not letters.send_to(account.account_id, now):
        text = f"{account.username} could not be told of it yet; a running server tries again. See NOTICES."
        click.echo(text, err=True)


def _parse_name(name: str) -> str:
    username = parse_username(name)
    if username is None:
        fail("NAME is empty, too long or holds characters that no username may")
    return username


def _find(connection: Connection, name: str) -> Account:
    username = parse_username(name)
    account = store.find_by_username(connection, username) if username is not None else None
    if account is None:
        fail(f"there is no account {name!r}")
    return account


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


def _read_claims(path: Path | None, email: str | None) -> dict[str, object]:
    try:
        document = json.loads(path.read_text(encoding="utf-8")) if path is not None else {}
        claims = parse_claims(document)
    except (OSError, ValueError, RecursionError) as error:
        fail(f"--claims: {error}")
    try:
        return parse_claims({**claims, **({"email": email} if email is not None else {})})
    except ValueError as error:
        fail(f"--email: {error}")
