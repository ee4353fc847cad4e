"""What a person has to prove themselves with, over all the tables that know."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, exists, select, update

from authserver.accounts.model import Enrolled
from authserver.db.statement import Statement
from authserver.db.tables import accounts, passkeys, recovery_codes, totp_credentials

COLUMNS: Final = (
    accounts.c.password_hash.is_not(None),
    exists().where(totp_credentials.c.account_id == accounts.c.account_id),
    exists().where(passkeys.c.account_id == accounts.c.account_id, passkeys.c.disabled_at.is_(None)),
    exists().where(recovery_codes.c.account_id == accounts.c.account_id, recovery_codes.c.used_at.is_(None)),
    exists().where(passkeys.c.account_id == accounts.c.account_id, passkeys.c.disabled_at.is_not(None)),
    accounts.c.passkey_offered_at.is_not(None),
)
"""What `read_enrolled` reads beside a row of `accounts`, for joins by the packages above."""

_FIND: Final = Statement(select(*COLUMNS).where(accounts.c.account_id == bindparam("wanted_id")))
_NOTE_OFFERED: Final = (
    update(accounts)
    .where(accounts.c.account_id == bindparam("wanted_id"), accounts.c.passkey_offered_at.is_(None))
    .values(passkey_offered_at=bindparam("now"))
)
_HOLD: Final = (
    update(accounts).where(accounts.c.account_id == bindparam("wanted_id")).values(username=accounts.c.username)
)
_HOLD_BY_PASSWORD: Final = _HOLD.where(
    accounts.c.password_hash == bindparam("wanted_hash"), accounts.c.locked_at.is_(None)
)


def find_enrolled(connection: Connection, account_id: str) -> Enrolled:
    """Find what an account can prove itself with; nothing, for an account that is not there."""
    row = _FIND.row(connection, {"wanted_id": account_id})
    return read_enrolled(row) if row else Enrolled()


def read_enrolled(row: Sequence[object]) -> Enrolled:
    """Return what the COLUMNS of an account say it can prove itself with."""
    return Enrolled(*map(bool, row))


def note_offered(connection: Connection, account_id: str, now: int) -> None:
    """Note that the person was offered a passkey, so that they are not offered one again."""
    connection.execute(_NOTE_OFFERED, {"wanted_id": account_id, "now": now})


def hold_account(connection: Connection, account_id: str) -> None:
    """Have every other transaction that holds this account wait until this one ends."""
    connection.execute(_HOLD, {"wanted_id": account_id})


def hold_by_password(connection: Connection, account_id: str, password_hash: str) -> bool:
    """Hold an account whose password is still the one of this hash; false where it was changed or the account locked.

    Spec: ASVS5-7.4.2, ASVS5-7.4.3
    """
    parameters = {"wanted_id": account_id, "wanted_hash": password_hash}
    return connection.execute(_HOLD_BY_PASSWORD, parameters).rowcount == 1
