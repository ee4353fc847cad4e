"""The table `totp_credentials`."""

from typing import Final

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.store.factor_table import FactorTable
from authserver.accounts.store.people import Connection
from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.accounts import accounts, totp_credentials
from authserver.db.upsert import insert_for
from authserver.values import Hidden, Value


def _replace_seed(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    """Replace the seed but keep the last step: putting an old seed back must not make a spent code good again."""
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["account_id"], set_={"sealed_seed": new.sealed_seed, "created_at": new.created_at}
    )


_FIND: Final = Statement(
    select(totp_credentials.c.sealed_seed, accounts.c.locked_at)
    .join(accounts, accounts.c.account_id == totp_credentials.c.account_id)
    .where(totp_credentials.c.account_id == bindparam("wanted_id"))
)
_SAVE: Final = {dialect: _replace_seed(insert_for(dialect, totp_credentials)) for dialect in DIALECTS}
_REMOVE: Final = delete(totp_credentials).where(totp_credentials.c.account_id == bindparam("wanted_id"))
_CLAIM_TIME_STEP: Final = Statement(
    update(totp_credentials)
    .where(
        totp_credentials.c.account_id == bindparam("wanted_id"),
        totp_credentials.c.last_time_step < bindparam("time_step"),
    )
    .values(last_time_step=bindparam("time_step"), last_used_at=bindparam("now"))
)


class TotpCredential(Value, frozen=True):
    """A sealed seed, and whether the account that it belongs to is locked."""

    sealed_seed: Hidden[bytes]
    locked: bool


def find(connection: Connection, account_id: str) -> TotpCredential | None:
    """Find the sealed seed of an account."""
    row = _FIND.row(connection, {"wanted_id": account_id})
    return TotpCredential(bytes(row[0]), row[1] is not None) if row else None


def save(connection: Connection, account_id: str, sealed_seed: bytes, now: int) -> None:
    """Store a sealed seed as the account's only one."""
    row = {"account_id": account_id, "sealed_seed": sealed_seed, "last_time_step": 0, "created_at": now}
    connection.execute(_SAVE[connection.dialect.name], row)


def remove(connection: Connection, account_id: str) -> bool:
    """Take the authenticator app away; false if there was none.

    Spec: ASVS5-6.5.6
    """
    return connection.execute(_REMOVE, {"wanted_id": account_id}).rowcount == 1


def claim_time_step(connection: Connection, account_id: str, time_step: int, now: int) -> bool:
    """Spend a time step and all before it, and note the use: true for exactly one caller per step.

    Spec: RFC6238-5.2, ASVS5-6.5.1
    """
    parameters = {"wanted_id": account_id, "time_step": time_step, "now": now}
    return _CLAIM_TIME_STEP.count(connection, parameters) == 1


TABLE: Final = FactorTable(
    TOTP.name,
    is_held=exists().where(totp_credentials.c.account_id == accounts.c.account_id),
    remove_all=remove,
    describe=lambda _connection, _account_id, is_held: {"authenticator_app": is_held},
)
