"""`authserver user invite`, `update`, `delete`, `activity`: how an account begins, changes and ends."""

from pathlib import Path

import click

from authserver.accounts import activities
from authserver.accounts.activities import note
from authserver.accounts.invitations import invite
from authserver.accounts.model import Account
from authserver.accounts.store import activities as activity_store
from authserver.accounts.store import people as store
from authserver.accounts.store.factors import find_enrolled, hold_account
from authserver.accounts.store.invitations import remove_unclaimed
from authserver.app.notices import notifier_of, send_invitation
from authserver.cli.account_arguments import find_account, letters_of, parse_name, read_claims, send_letters
from authserver.cli.deployment import open_deployment
from authserver.cli.output import fail, json_option, moment, print_record, print_rows
from authserver.clock import system_clock
from authserver.db.engine import Connection
from authserver.notices.model import EMAIL_CHANGED
from authserver.operations.accounts import delete_account

_MOST_ACTIVITIES = 1_000
_claims_option = click.option(
    "--claims", "claims_file", type=click.Path(path_type=Path, exists=True), help="A JSON file of claims."
)
_email_option = click.option("--email", help="The person's email address.")


@click.command(name="invite")
@click.argument("name")
@_email_option
@_claims_option
@click.option("--send", is_flag=True, help="Send the link to the person's email address instead of printing it.")
@json_option
def invite_command(name: str, email: str | None, claims_file: Path | None, *, send: bool, as_json: bool) -> None:
    """Make a link by which NAME sets up how they sign in, once; a new account is created for a new NAME.

    Hand it over as safely as a password: until it is used, it is as good as the account.
    """
    settings, database = open_deployment()
    username, now = parse_name(name), system_clock()
    if send and settings.notices == "none":
        fail("NOTICES is none: nothing can be sent")
    until = now + settings.invitation_lifetime
    with database.transaction() as connection:
        account = _invited(connection, username, claims_file, email, now)
        if send and not account.claims.get("email"):
            fail(f"{username} has no email address; see: authserver user update NAME --email")
        invitation = invite(connection, account.account_id, now, settings.invitation_lifetime)
    link = f"{settings.issuer}/invitation?invitation={invitation}"
    if send and not send_invitation(settings, account.username, account.claims, link, (now, until)):
        with database.transaction() as connection:
            remove_unclaimed(connection, account.account_id)
        fail(f"the invitation of {username} could not be sent, and is none; see NOTICES")
    told = {"sent_to": account.claims["email"]} if send else {"link": link}
    print_record({"username": account.username, **told, "until": moment(until)}, as_json=as_json)


@click.command()
@click.argument("name")
@_email_option
@click.option(
    "--claims",
    "claims_file",
    type=click.Path(path_type=Path, exists=True),
    help="A JSON file of claims, in place of all that are stored; without it --email changes the address alone.",
)
@json_option
def update(name: str, email: str | None, claims_file: Path | None, *, as_json: bool) -> None:
    """Change NAME's email address or claims. A changed address is told of at the old one."""
    if email is None and claims_file is None:
        raise click.UsageError("say what to change: --email or --claims")
    (settings, database), now = open_deployment(), system_clock()
    letters = letters_of(settings, database)
    with database.transaction() as connection:
        account = find_account(connection, name)
        claims = read_claims(claims_file, email, None if claims_file is not None else account.claims)
        if not store.replace_claims(connection, account, claims):
            fail(f"{account.username} was changed at the same moment; look, and ask again")
        before = str(account.claims.get("email", ""))
        if before != claims.get("email", ""):
            note(connection, account.account_id, activities.EMAIL_CHANGED, now)
            notifier_of(letters)(connection, account.account_id, EMAIL_CHANGED, now, before)
    send_letters(letters, account, now)
    print_record({"username": account.username, "claims": claims}, as_json=as_json)


@click.command()
@click.argument("name")
@click.confirmation_option(prompt="All that is stored of the person goes, for good. Delete the account?")
def delete(name: str) -> None:
    """Delete NAME's account: how they sign in, what they allowed, their sessions, tokens and activity.

    Proofs of payments that they approved are kept, under a random id that leads nowhere any more.
    """
    _, database = open_deployment()
    with database.transaction() as connection:
        account = find_account(connection, name)
        hold_account(connection, account.account_id)
        kept = delete_account(connection, account.account_id)
    click.echo(f"{account.username} is deleted; {kept} proofs of payments are kept.")


@click.command()
@click.argument("name")
@json_option
def activity(name: str, *, as_json: bool) -> None:
    """List what NAME did and what was done to their account, the latest first, as they see it themselves."""
    _, database = open_deployment()
    with database.read() as connection:
        account = find_account(connection, name)
        found = activity_store.find_recent(connection, account.account_id, system_clock(), _MOST_ACTIVITIES)
    rows = [
        {"at": moment(each.happened_at), "what": each.name, "client_id": each.client_id or "", "detail": each.detail}
        for each in found
    ]
    print_rows(rows, as_json=as_json, empty=f"Nothing is noted of {account.username}.")


def _invited(connection: Connection, username: str, claims_file: Path | None, email: str | None, now: int) -> Account:
    """Return the account to invite, made where there is none; end the command where it may not be invited."""
    account = store.find_by_username(connection, username)
    if account is None:
        account = store.create(connection, username, read_claims(claims_file, email), None, now)
    elif claims_file is not None or email is not None:
        fail(f"{username} is there already: --email and --claims are for a new account; see: authserver user update")
    if account is None:
        fail(f"the username {username} is taken")
    if account.locked or find_enrolled(connection, account.account_id).has_second_factor:
        fail(f"{username} is locked or has a second factor; see: authserver user unlock, authserver user reset-mfa")
    return account
