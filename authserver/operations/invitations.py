"""Inviting people, and taking invitations back."""

from authserver.accounts.factors.store import find_enrolled
from authserver.accounts.invitations import invite
from authserver.accounts.model import Account
from authserver.accounts.store import people
from authserver.accounts.store.invitations import remove_unclaimed
from authserver.db.engine import Connection
from authserver.events import catalogue as kinds
from authserver.operations.accounts import changed_claims, hold
from authserver.operations.acts import InviteAccount, WithdrawInvitations
from authserver.operations.context import OperationContext
from authserver.operations.refusals import AccountExists, EmailMissing, NotInvitable, UsernameTaken
from authserver.operations.results import Invitation


def invite_account(task: OperationContext[InviteAccount]) -> Invitation:
    """Make an invitation, which takes the place of earlier ones that nobody has used.

    Spec: ASVS5-6.4.1
    """
    lifetime_seconds = task.parts.rules.invitation_lifetime
    with task.transaction() as connection:
        account = _invited(connection, task)
        if task.act.needs_address and not account.claims.get("email"):
            raise EmailMissing(account.username)
        handle = invite(connection, account.account_id, task.now, lifetime_seconds)
        task.record(connection, task.event(kinds.ACCOUNT_INVITED, account_id=account.account_id))
    return Invitation(account, handle, task.now + lifetime_seconds)


def withdraw_invitations(task: OperationContext[WithdrawInvitations]) -> None:
    """Take back the invitations of an account that nobody has used."""
    with task.transaction() as connection:
        account_id = hold(connection, task.act.account_id).account_id
        remove_unclaimed(connection, account_id)
        task.record(connection, task.event(kinds.INVITATIONS_WITHDRAWN, account_id=account_id))


def _invited(connection: Connection, task: OperationContext[InviteAccount]) -> Account:
    """Return the account to invite, opened where there is none and held where there is one."""
    act = task.act
    account = people.find_by_username(connection, act.username)
    if account is None:
        claims = changed_claims({}, act.claims, act.email)
        account = people.create(connection, act.username, claims, None, task.now)
        if account is None:
            raise UsernameTaken(act.username)
        task.record(connection, task.event(kinds.ACCOUNT_CREATED, account_id=account.account_id))
        return account
    if act.claims is not None or act.email is not None:
        raise AccountExists(act.username)
    account = hold(connection, account.account_id)
    if account.locked or find_enrolled(connection, account.account_id).has_second_factor:
        raise NotInvitable(account.username)
    return account
