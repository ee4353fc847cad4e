"""The table `recovery_codes`."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, exists, func, insert, select, update

from authserver.accounts.factors.recovery.factor import RECOVERY
from authserver.accounts.store.factor_table import FactorTable
from authserver.accounts.store.people import Connection
from authserver.db.tables.accounts import accounts, recovery_codes

_OF_ACCOUNT: Final = recovery_codes.c.account_id == bindparam("wanted_account")
_REMOVE: Final = delete(recovery_codes).where(_OF_ACCOUNT)
_SAVE: Final = insert(recovery_codes).values(
    code_hash=bindparam("code_hash"), account_id=bindparam("account_id"), created_at=bindparam("created_at")
)
_CLAIM: Final = (
    update(recovery_codes)
    .where(recovery_codes.c.code_hash == bindparam("wanted_hash"), _OF_ACCOUNT, recovery_codes.c.used_at.is_(None))
    .values(used_at=bindparam("now"))
)
_COUNT_LEFT: Final = (
    select(func.count()).select_from(recovery_codes).where(_OF_ACCOUNT, recovery_codes.c.used_at.is_(None))
)


def replace(connection: Connection, account_id: str, code_hashes: Sequence[bytes], now: int) -> None:
    """Store a set of codes as the account's only one."""
    remove_all(connection, account_id)
    rows = [{"code_hash": code_hash, "account_id": account_id, "created_at": now} for code_hash in code_hashes]
    connection.execute(_SAVE, rows)


def remove_all(connection: Connection, account_id: str) -> int:
    """Take all codes of an account away and answer how many there were, the used ones among them."""
    return connection.execute(_REMOVE, {"wanted_account": account_id}).rowcount


def claim(connection: Connection, account_id: str, code_hash: bytes, now: int) -> bool:
    """Spend a code: true for exactly one caller.

    Spec: ASVS5-6.5.1
    """
    parameters = {"wanted_account": account_id, "wanted_hash": code_hash, "now": now}
    return connection.execute(_CLAIM, parameters).rowcount == 1


def count_left(connection: Connection, account_id: str) -> int:
    """Count the codes of an account that can still be used."""
    return connection.execute(_COUNT_LEFT, {"wanted_account": account_id}).scalar_one()


TABLE: Final = FactorTable(
    RECOVERY.name,
    is_held=exists().where(recovery_codes.c.account_id == accounts.c.account_id, recovery_codes.c.used_at.is_(None)),
    remove_all=lambda connection, account_id: remove_all(connection, account_id) > 0,
    describe=lambda connection, account_id, _: {"recovery_codes_left": count_left(connection, account_id)},
)
