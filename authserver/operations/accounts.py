"""Acts on people's accounts. Each holds the account's row first, so that of two at once the second sees the first."""

import os
from collections.abc import Mapping

from authserver.accounts.factors.changes import remove_all
from authserver.accounts.factors.password.hashing import SALT_BYTES, hash_password
from authserver.accounts.factors.password.policy import WeakPassword, check_password, context_words_of
from authserver.accounts.factors.totp.codes import SEED_BYTES, new_seed
from authserver.accounts.factors.totp.credential import enrol_totp
from authserver.accounts.model import Account, parse_claims
from authserver.accounts.store import people
from authserver.accounts.store.invitations import remove_unclaimed
from authserver.accounts.store.people import hold_account
from authserver.db.engine import Connection
from authserver.db.erasure import erase_account
from authserver.events import catalogue as kinds
from authserver.grants.revoke import end_sharing as take_back
from authserver.operations.acts import (
    AddAccount,
    DeleteAccount,
    EndSharing,
    EnrolGenerator,
    LockAccount,
    ResetFactors,
    UnlockAccount,
    UpdateAccount,
)
from authserver.operations.context import OperationContext
from authserver.operations.refusals import (
    AccountNotFound,
    ChangedMeanwhile,
    ClaimsRefused,
    PasswordRefused,
    UsernameTaken,
)
from authserver.protocol.handles import hash_handle
from authserver.sessions import lifecycle
from authserver.values import replace

_BECAUSE_LOCKED = "account_locked"
_BECAUSE_REVOKED = "revoked_by_operator"
_PSEUDONYM_DIGITS = 16


def add_account(task: OperationContext[AddAccount]) -> Account:
    """Open an account with a password, hashed before the transaction, since that takes its time."""
    claims = changed_claims({}, task.act.claims, task.act.email)
    password_hash = _hash_password(task, claims) if task.secret is not None else None
    with task.transaction() as connection:
        account = people.create(connection, task.act.username, claims, password_hash, task.now)
        if account is None:
            raise UsernameTaken(task.act.username)
        task.record(connection, task.event(kinds.ACCOUNT_CREATED, account_id=account.account_id))
    return account


def update_account(task: OperationContext[UpdateAccount]) -> dict[str, object]:
    """Store an account's new claims; a changed address is told of at the old one."""
    with task.transaction() as connection:
        account = hold(connection, task.act.account_id)
        claims = changed_claims(account.claims, task.act.claims, task.act.email)
        if not people.replace_claims(connection, account, claims):
            raise ChangedMeanwhile(account.username)
        before = str(account.claims.get("email", ""))
        if before != claims.get("email", ""):
            event = task.event(kinds.EMAIL_CHANGED, account_id=account.account_id)
            task.record(connection, replace(event, letter_name=before))
        else:
            task.record(connection, task.event(kinds.ACCOUNT_UPDATED, account_id=account.account_id))
    return claims


def lock_account(task: OperationContext[LockAccount]) -> None:
    """Lock an account, and end what would let someone in or on.

    Spec: ASVS5-7.4.2
    """
    with task.transaction() as connection:
        account_id = hold(connection, task.act.account_id).account_id
        people.lock(connection, account_id, task.now)
        remove_unclaimed(connection, account_id)
        lifecycle.end_all(connection, account_id, task.now)
        take_back(connection, account_id, None, _BECAUSE_LOCKED, task.now)
        task.record(connection, task.event(kinds.ACCOUNT_LOCKED, account_id=account_id))


def unlock_account(task: OperationContext[UnlockAccount]) -> None:
    """Unlock a locked account."""
    with task.transaction() as connection:
        account_id = hold(connection, task.act.account_id).account_id
        people.unlock(connection, account_id)
        task.record(connection, task.event(kinds.ACCOUNT_UNLOCKED, account_id=account_id))


def reset_factors(task: OperationContext[ResetFactors]) -> bool:
    """Take away every factor but the password, and end all sessions; return whether there was a factor.

    Spec: ASVS5-6.3.7
    """
    with task.transaction() as connection:
        account_id = hold(connection, task.act.account_id).account_id
        was_there = remove_all(connection, account_id)
        lifecycle.end_all(connection, account_id, task.now)
        kind = kinds.FACTORS_RESET if was_there else kinds.ACCOUNT_SIGNED_OUT
        task.record(connection, task.event(kind, account_id=account_id))
    return was_there


def enrol_generator(task: OperationContext[EnrolGenerator]) -> str:
    """Enrol an authenticator app in place of any earlier one, and end all sessions; return its seed.

    Spec: ASVS5-6.3.7
    """
    seed = task.secret if task.secret is not None else new_seed(os.urandom(SEED_BYTES))
    envelope = task.parts.open_envelope()
    with task.transaction() as connection:
        account_id = hold(connection, task.act.account_id).account_id
        enrol_totp(connection, envelope, account_id, seed, task.now)
        lifecycle.end_all(connection, account_id, task.now)
        task.record(connection, task.event(kinds.GENERATOR_ADDED, account_id=account_id))
    return seed


def end_sharing(task: OperationContext[EndSharing]) -> int:
    """Take back what a person allowed one client, or all of them; return how many grants ended.

    Spec: ASVS5-10.4.9
    """
    with task.transaction() as connection:
        account_id = hold(connection, task.act.account_id).account_id
        ended = take_back(connection, account_id, task.act.client_id, _BECAUSE_REVOKED, task.now)
        client_id = task.act.client_id or ""
        event = task.event(kinds.PERMISSIONS_REVOKED, account_id=account_id, client_id=client_id, ended=str(ended))
        task.record(connection, event)
    return ended


def delete_account(task: OperationContext[DeleteAccount]) -> int:
    """Delete an account with all that hangs on it; return how many proofs of payments are kept.

    What a request that runs meanwhile still writes for it is worth nothing: sessions, codes and tokens count only
    beside the account's row, which is held.

    Spec: ASVS5-7.4.2, ASVS5-10.4.9
    """
    with task.transaction() as connection:
        account_id = hold(connection, task.act.account_id).account_id
        lifecycle.end_all(connection, account_id, task.now)  # before it is forgotten which apps they served
        kept = erase_account(connection, account_id)
        # Nothing names the person any more: whoever has the id from elsewhere can tell that this was it.
        pseudonym = hash_handle(account_id).hex()[:_PSEUDONYM_DIGITS]
        task.record(connection, task.event(kinds.ACCOUNT_DELETED, account=pseudonym))
    return kept


def hold(connection: Connection, account_id: str) -> Account:
    """Return an account whose row this transaction holds; raises AccountNotFound."""
    hold_account(connection, account_id)
    account = people.find(connection, account_id)
    if account is None:
        raise AccountNotFound(account_id)
    return account


def changed_claims(
    stored: Mapping[str, object], claims: Mapping[str, object] | None, email: str | None
) -> dict[str, object]:
    """Return claims in place of all that are stored, or those stored, with another email address where one is given.

    An address is not verified because the one before it was; one that is given with claims is what they speak of.
    Raises ClaimsRefused.
    """
    try:
        chosen = parse_claims(claims) if claims is not None else dict(stored)
    except ValueError as error:
        raise ClaimsRefused("claims", str(error)) from error
    if email is None:
        return chosen
    if claims is None:
        chosen.pop("email_verified", None)
    try:
        return parse_claims({**chosen, "email": email})
    except ValueError as error:
        raise ClaimsRefused("email", str(error)) from error


def _hash_password(task: OperationContext[AddAccount], claims: Mapping[str, object]) -> str:
    password = task.secret or ""
    try:
        check_password(password, context_words_of(task.act.username, claims, task.parts.rules.site_name))
    except WeakPassword as error:
        raise PasswordRefused(str(error)) from error
    return hash_password(password, os.urandom(SALT_BYTES))
