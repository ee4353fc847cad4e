"""What commands about people take and do alike: the name, the claims, and telling the person."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from authserver.accounts.model import Account, parse_claims, parse_username
from authserver.accounts.store import people
from authserver.app.notices import build_queue
from authserver.cli.output import fail
from authserver.clock import system_clock
from authserver.db.engine import Connection, Database
from authserver.outbound.sender import Sender
from authserver.settings.model import Settings


def parse_name(name: str) -> str:
    """Return the username in its stored form, or end the command."""
    username = parse_username(name)
    if username is None:
        fail("NAME is empty, too long or holds characters that no username may")
    return username


def find_account(connection: Connection, name: str) -> Account:
    """Return the account of that name, or end the command."""
    username = parse_username(name)
    account = people.find_by_username(connection, username) if username is not None else None
    if account is None:
        fail(f"there is no account {name!r}")
    return account


def read_claims(path: Path | None, email: str | None, stored: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return the claims of a file, or those stored, with the email address that an option says, or end the command."""
    try:
        claims = parse_claims(json.loads(path.read_text(encoding="utf-8")) if path is not None else stored or {})
    except (OSError, ValueError, RecursionError) as error:
        fail(f"--claims: {error}")
    if email is None:
        return claims
    unverified = {name: value for name, value in claims.items() if name != "email_verified"}
    try:
        return parse_claims({**(claims if stored is None else unverified), "email": email})
    except ValueError as error:
        fail(f"--email: {error}")


def letters_of(settings: Settings, database: Database) -> Sender | None:
    """Return the queue in which a command leaves its letters, with the act that they tell of."""
    return build_queue(settings, database, lambda _event: None, system_clock)


def send_letters(letters: Sender | None, account: Account, now: int) -> None:
    """Tell the person at once of what was done to their account for them, or for someone who only said so.

    Spec: ASVS5-6.3.7
    """
    if letters is not None and not letters.send_to(account.account_id, now):
        text = f"{account.username} could not be told of it yet; a running server tries again. See NOTICES."
        click.echo(text, err=True)
