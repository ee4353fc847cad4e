"""`authserver user invite`, `update`, `delete`, `activity`: how an account begins, changes and ends."""

from pathlib import Path

import click

from authserver.app.notices import send_invitation
from authserver.cli.account_arguments import claims_option, email_option, find_account, parse_name, read_claims
from authserver.cli.deployment import open_deployment
from authserver.cli.operators import cannot_be_undone, open_operator, operation
from authserver.cli.output import fail, json_option, moment, print_done, print_record, print_rows
from authserver.clock import system_clock
from authserver.operations import lookups
from authserver.operations.acts import DeleteAccount, InviteAccount, UpdateAccount, WithdrawInvitations


@click.command()
@click.argument("name")
@email_option
@claims_option
@click.option("--send", is_flag=True, help="Send the link to the person's email address instead of printing it.")
@operation
def invite(name: str, email: str | None, claims_file: Path | None, reason: str, *, send: bool, as_json: bool) -> None:
    """Make a link with which NAME can set up how they sign in, once. A new NAME gets a new account.

    Protect it like a password: until it is used, whoever has it can take over the account.
    """
    operator, username, now = open_operator(), parse_name(name), system_clock()
    settings = operator.settings
    if send and settings.notices == "none":
        fail("NOTICES is none: nothing can be sent")
    act = InviteAccount(username, read_claims(claims_file), email, needs_address=send, reason=reason)
    invitation = operator.perform(act, now=now)
    account, until = invitation.account, invitation.until
    link = f"{settings.issuer}/invitation?invitation={invitation.handle}"
    if send and not send_invitation(settings, account.username, account.claims, link, (now, until)):
        operator.perform(WithdrawInvitations(account.account_id, reason="the invitation could not be sent"))
        fail(f"the invitation of {username} could not be sent and was withdrawn; see NOTICES")
    told = {"sent_to": account.claims["email"]} if send else {"link": link}
    print_record({"username": account.username, **told, "until": moment(until)}, as_json=as_json)


@click.command()
@click.argument("name")
@email_option
@click.option(
    "--claims",
    "claims_file",
    type=click.Path(path_type=Path, exists=True),
    help="A JSON file of claims that replaces all stored ones; without it --email changes only the address.",
)
@operation
def update(name: str, email: str | None, claims_file: Path | None, reason: str, *, as_json: bool) -> None:
    """Change NAME's email address or claims. A change of address is announced to the old one."""
    if email is None and claims_file is None:
        raise click.UsageError("say what to change: --email or --claims")
    operator = open_operator()
    account = find_account(operator.database, name)
    act = UpdateAccount(account.account_id, read_claims(claims_file), email, reason=reason)
    claims = operator.perform(act)
    operator.send_letters(account)
    print_record({"username": account.username, "claims": claims}, as_json=as_json)


@click.command()
@click.argument("name")
@cannot_be_undone("All that is stored of the person goes, for good. Delete the account?")
@operation
def delete(name: str, reason: str, *, as_json: bool) -> None:
    """Delete NAME's account: how they sign in, what they allowed, their sessions, tokens and activity.

    Proofs of payments that they approved are kept under a random id that no longer leads to the person.
    """
    operator = open_operator()
    account = find_account(operator.database, name)
    kept = operator.perform(DeleteAccount(account.account_id, reason=reason))
    sentence = f"{account.username} is deleted; {kept} proofs of payments are kept."
    print_done(sentence, {"username": account.username, "state": "deleted", "kept_proofs": kept}, as_json=as_json)


@click.command()
@click.argument("name")
@json_option
def activity(name: str, *, as_json: bool) -> None:
    """List the activity of NAME's account as the person sees it, latest first."""
    _, database = open_deployment()
    account = find_account(database, name)
    rows = [
        {"at": moment(each.happened_at), "what": each.name, "client_id": each.client_id or "", "detail": each.thing}
        for each in lookups.list_activities(database, account.account_id, system_clock())
    ]
    print_rows(rows, as_json=as_json, empty=f"Nothing is noted of {account.username}.")
