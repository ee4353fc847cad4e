"""The table `accounts`."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import orjson
import sqlalchemy
from sqlalchemy import bindparam, select, update

from authserver.accounts.model import Account, Credentials
from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.accounts import accounts
from authserver.db.upsert import insert_for

Connection: TypeAlias = sqlalchemy.Connection
"""What the functions here take, named so that the acts beside this module need no SQL library."""


COLUMNS: Final = (
    accounts.c.account_id,
    accounts.c.username,
    accounts.c.claims,
    accounts.c.created_at,
    accounts.c.locked_at,
)
"""The columns from which `read_account` makes an account, for joins by the packages above."""

_FIND: Final = Statement(select(*COLUMNS).where(accounts.c.account_id == bindparam("wanted_id")))
_FIND_BY_USERNAME: Final = select(*COLUMNS).where(accounts.c.username == bindparam("wanted_username"))
_FIND_CREDENTIALS: Final = Statement(
    select(*COLUMNS, accounts.c.password_hash).where(accounts.c.username == bindparam("wanted_username"))
)
_FIND_ALL: Final = select(*COLUMNS).order_by(accounts.c.username)
# A plain INSERT of a taken name would leave PostgreSQL's transaction unusable.
_CREATE: Final = {dialect: insert_for(dialect, accounts).on_conflict_do_nothing() for dialect in DIALECTS}
_REPLACE_CLAIMS: Final = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("wanted_id"), accounts.c.claims == bindparam("claims_seen"))
    .values(claims=bindparam("new_claims"))
)
_SET_PASSWORD: Final = (
    update(accounts).where(accounts.c.account_id == bindparam("wanted_id")).values(password_hash=bindparam("new_hash"))
)
_REPLACE_PASSWORD_HASH: Final = _SET_PASSWORD.where(accounts.c.password_hash == bindparam("old_hash"))
_LOCK: Final = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("wanted_id"), accounts.c.locked_at.is_(None))
    .values(locked_at=bindparam("now"))
)
_UNLOCK: Final = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("wanted_id"), accounts.c.locked_at.is_not(None))
    .values(locked_at=None)
)
_HOLD: Final = (
    update(accounts).where(accounts.c.account_id == bindparam("wanted_id")).values(username=accounts.c.username)
)
_HOLD_BY_PASSWORD: Final = _HOLD.where(
    accounts.c.password_hash == bindparam("wanted_hash"), accounts.c.locked_at.is_(None)
)


def create(
    connection: Connection, username: str, claims: Mapping[str, object], password_hash: str | None, now: int
) -> Account | None:
    """Open an account under a parsed username, with a fresh random id; None if the name is taken."""
    account = Account(secrets.token_urlsafe(32), username, claims, now, locked=False)
    row = {
        "account_id": account.account_id,
        "username": username,
        "password_hash": password_hash,
        "claims": orjson.dumps(claims).decode(),
        "created_at": now,
    }
    return account if connection.execute(_CREATE[connection.dialect.name], row).rowcount == 1 else None


def find(connection: Connection, account_id: str) -> Account | None:
    """Find an account by its id.

    Whoever acts on a session asks this and refuses a missing or locked account: `sessions` cannot know.
    """
    row = _FIND.row(connection, {"wanted_id": account_id})
    return read_account(row) if row else None


def find_by_username(connection: Connection, username: str) -> Account | None:
    """Find an account by its parsed username."""
    row = connection.execute(_FIND_BY_USERNAME, {"wanted_username": username}).one_or_none()
    return read_account(row) if row else None


def find_credentials(connection: Connection, username: str) -> Credentials | None:
    """Find an account with its password hash, by its parsed username."""
    row = _FIND_CREDENTIALS.row(connection, {"wanted_username": username})
    return Credentials(read_account(row), row[5]) if row else None


def find_all(connection: Connection) -> list[Account]:
    """Find every account, by username."""
    return [read_account(row) for row in connection.execute(_FIND_ALL)]


def set_password(connection: Connection, account_id: str, password_hash: str | None) -> bool:
    """Set or take away an account's password; false if there is no such account.

    The caller ends the account's sessions in the same transaction, or offers the person to end the others.
    """
    return connection.execute(_SET_PASSWORD, {"wanted_id": account_id, "new_hash": password_hash}).rowcount == 1


def replace_claims(connection: Connection, account: Account, claims: Mapping[str, object]) -> bool:
    """Store an account's new claims; false where they are not those that were seen any more, or the account is gone."""
    seen, new = (orjson.dumps(each).decode() for each in (account.claims, claims))
    parameters = {"wanted_id": account.account_id, "claims_seen": seen, "new_claims": new}
    return connection.execute(_REPLACE_CLAIMS, parameters).rowcount == 1


def replace_password_hash(connection: Connection, account_id: str, old_hash: str, new_hash: str) -> bool:
    """Put a hash of the same password in the place of the old; false if the password was changed meanwhile."""
    parameters = {"wanted_id": account_id, "old_hash": old_hash, "new_hash": new_hash}
    return connection.execute(_REPLACE_PASSWORD_HASH, parameters).rowcount == 1


def lock(connection: Connection, account_id: str, now: int) -> bool:
    """Lock an open account; false if there is none. The caller ends its sessions in the same transaction.

    Spec: ASVS5-7.4.2
    """
    return connection.execute(_LOCK, {"wanted_id": account_id, "now": now}).rowcount == 1


def unlock(connection: Connection, account_id: str) -> bool:
    """Open a locked account again; false if there is none."""
    return connection.execute(_UNLOCK, {"wanted_id": account_id}).rowcount == 1


def hold_account(connection: Connection, account_id: str) -> None:
    """Have every other transaction that holds this account wait until this one ends."""
    connection.execute(_HOLD, {"wanted_id": account_id})


def hold_by_password(connection: Connection, account_id: str, password_hash: str) -> bool:
    """Hold an account whose password is still the one of this hash; false where it was changed or the account locked.

    Spec: ASVS5-7.4.2, ASVS5-7.4.3
    """
    parameters = {"wanted_id": account_id, "wanted_hash": password_hash}
    return connection.execute(_HOLD_BY_PASSWORD, parameters).rowcount == 1


def read_account(row: Sequence[Any]) -> Account:
    """Return the account whose COLUMNS these are."""
    return Account(row[0], row[1], orjson.loads(row[2]), row[3], row[4] is not None)
