"""What commands about people take alike: the name, the email address, the claims."""

import json
from pathlib import Path

import click

from authserver.accounts.model import Account, parse_claims, parse_username
from authserver.cli.output import fail
from authserver.db.engine import Database
from authserver.operations import lookups

email_option = click.option("--email", help="The person's email address.")
claims_option = click.option(
    "--claims", "claims_file", type=click.Path(path_type=Path, exists=True), help="A JSON file of claims."
)


def parse_name(name: str) -> str:
    """Return the username in its stored form, or end the command."""
    username = parse_username(name)
    if username is None:
        fail("NAME is empty, too long or contains characters that a username must not contain")
    return username


def find_account(database: Database, name: str) -> Account:
    """Return the account of that name, or end the command."""
    username = parse_username(name)
    account = lookups.find_account(database, username) if username is not None else None
    if account is None:
        fail(f"there is no account {name!r}")
    return account


def read_claims(path: Path | None) -> dict[str, object] | None:
    """Return the claims of a file, or None where none is named, or end the command."""
    if path is None:
        return None
    try:
        return parse_claims(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        fail(f"--claims: {error}")
