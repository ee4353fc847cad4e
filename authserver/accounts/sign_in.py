"""Signing in with a username and a password."""

import secrets
from contextlib import suppress
from typing import Final

from authserver.accounts.factors.password.hashing import SALT_BYTES, PasswordPool, needs_rehash
from authserver.accounts.model import MAX_USERNAME_LENGTH, Account, Credentials, parse_username
from authserver.accounts.store import people as store
from authserver.db.engine import Database
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.values import Hidden, Value, replace

SIGNED_IN: Final = "signed_in"
UNKNOWN_USER: Final = "unknown_user"
NO_PASSWORD: Final = "no_password"  # noqa: S105 - an outcome's name
WRONG_PASSWORD: Final = "wrong_password"  # noqa: S105 - an outcome's name
LOCKED: Final = "locked"
OUTDATED: Final = "outdated"
"""The password was right, and changed or its account locked before a session could start."""


class Candidate(Value, frozen=True):
    """Who a typed username names, if anyone; `account_key` is what their tries are counted under.

    Spec: ASVS5-6.3.8
    """

    account_key: str
    credentials: Credentials | None = None


class SignIn(Value, frozen=True):
    """How an attempt ended; true only if `account` may start a session, as long as `password_hash` is still its own.

    `outcome` and `account_id` are for the operator's event. A person is told one and the same thing for every outcome
    but success.

    Spec: ASVS5-6.3.8
    """

    outcome: str
    account_id: str = ""
    account: Account | None = None
    password_hash: Hidden[str] = ""

    def __bool__(self) -> bool:
        return self.account is not None


def find_candidate(database: Database, username: str) -> Candidate:
    """Find who is meant, so that their try can be counted before the password is verified."""
    canonical_username = parse_username(username)
    if canonical_username is None:
        return Candidate(f"typed|{username[:MAX_USERNAME_LENGTH]}")
    with database.read() as connection:
        credentials = store.find_credentials(connection, canonical_username)
    if credentials is None:
        return Candidate(f"typed|{canonical_username}")
    return Candidate(credentials.account.account_id, credentials)


def sign_in(database: Database, pool: PasswordPool, candidate: Candidate, password: str) -> SignIn:
    """Verify a candidate's password; every path computes one hash, and none holds a connection while it does.

    The account may be locked or its password changed while the hash is computed: whoever starts a session holds the
    account by the hash that was right.

    Spec: ASVS5-6.3.8, ASVS5-6.2.8
    """
    credentials = candidate.credentials
    password_hash = credentials.password_hash if credentials else None
    is_right = pool.verify(password, password_hash)
    result = _judge(credentials, is_right=is_right)
    if not result or password_hash is None:
        return result
    if needs_rehash(password_hash):
        password_hash = _renew_hash(database, pool, result.account_id, (password_hash, password))
    return replace(result, password_hash=password_hash)


def spend_hash(pool: PasswordPool, password: str) -> None:
    """Do the work of a wrong password where none may be verified, so that time does not tell of a block.

    Spec: ASVS5-6.3.8
    """
    pool.verify(password, None)


def _judge(credentials: Credentials | None, *, is_right: bool) -> SignIn:
    if credentials is None:
        return SignIn(UNKNOWN_USER)
    account = credentials.account
    if credentials.password_hash is None:
        return SignIn(NO_PASSWORD, account.account_id)
    if not is_right:
        return SignIn(WRONG_PASSWORD, account.account_id)
    if account.locked:
        return SignIn(LOCKED, account.account_id)
    return SignIn(SIGNED_IN, account.account_id, account)


def _renew_hash(database: Database, pool: PasswordPool, account_id: str, old: tuple[str, str]) -> str:
    """Store the password under today's parameters, unless it was changed in the meantime; answer the hash that is left.

    A busy server puts this off to the next sign-in: the person has proved themselves and is not sent away for it.
    """
    old_hash, password = old
    with suppress(TemporarilyUnavailable):
        new_hash = pool.hash(password, secrets.token_bytes(SALT_BYTES))
        with database.transaction() as connection:
            if store.replace_password_hash(connection, account_id, old_hash, new_hash):
                return new_hash
    return old_hash
