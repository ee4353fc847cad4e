"""What a person has to prove themselves with, over all the tables that know."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from authserver.accounts.factors.model import PASSWORD_NAME, Enrolled
from authserver.accounts.factors.passkey import store as passkey
from authserver.accounts.factors.recovery import store as recovery
from authserver.accounts.factors.totp import store as totp
from authserver.accounts.store.factor_table import FactorTable
from authserver.db.statement import Statement
from authserver.db.tables.accounts import accounts

TABLES: Final[tuple[FactorTable, ...]] = (totp.TABLE, passkey.TABLE, recovery.TABLE)
"""The tables of what a person may have beside a password; a test holds that no factor is without one."""

NAMES: Final = (PASSWORD_NAME, *(table.name for table in TABLES))

COLUMNS: Final = (
    accounts.c.password_hash.is_not(None),
    *(table.is_held for table in TABLES),
    passkey.IS_CLOSED,
    accounts.c.passkey_offered_at.is_not(None),
)
"""What `read_enrolled` reads beside a row of `accounts`, for joins by the packages above."""

_FIND: Final = Statement(select(*COLUMNS).where(accounts.c.account_id == bindparam("wanted_id")))
_NOTE_OFFERED: Final = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("wanted_id"), accounts.c.passkey_offered_at.is_(None))
    .values(passkey_offered_at=bindparam("now"))
)


def find_enrolled(connection: Connection, account_id: str) -> Enrolled:
    """Find what an account can prove itself with; nothing, for an account that is not there."""
    row = _FIND.row(connection, {"wanted_id": account_id})
    return read_enrolled(row) if row else Enrolled()


def read_enrolled(row: Sequence[object]) -> Enrolled:
    """Return what the COLUMNS of an account say it can prove itself with."""
    *held, is_closed, is_offered = map(bool, row)
    names = frozenset(name for name, is_there in zip(NAMES, held, strict=True) if is_there)
    return Enrolled(names, is_closed, is_offered)


def describe_all(connection: Connection, account_id: str, enrolled: Enrolled) -> dict[str, object]:
    """Return what a person may take away of each factor beside the password."""
    described: dict[str, object] = {}
    for table in TABLES:
        described |= table.describe(connection, account_id, table.name in enrolled.names)
    return described


def note_offered(connection: Connection, account_id: str, now: int) -> None:
    """Note that the person was offered a passkey, so that they are not offered one again."""
    connection.execute(_NOTE_OFFERED, {"wanted_id": account_id, "now": now})
