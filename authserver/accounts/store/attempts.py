"""The tables `attempt_counters` and `known_devices`."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Case,
    ColumnElement,
    Integer,
    bindparam,
    case,
    delete,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from authserver.accounts.lockout import BLOCK_SECONDS, MAX_FAILURES, MEMORY_SECONDS, MOST_DEVICES, block_seconds
from authserver.accounts.store.people import Connection
from authserver.clock import CLOCKS_APART_SECONDS
from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.accounts import attempt_counters, known_devices
from authserver.db.upsert import insert_for


def _number(value: int) -> ColumnElement[int]:
    """Write a constant into the statement, where the column beside it tells its type."""
    return literal_column(str(value), Integer)


_STANDING: Final = attempt_counters.c
_NOW: Final = bindparam("now", type_=BigInteger)
_IS_FORGOTTEN: Final = _STANDING.expires_at <= _NOW
_IS_LAST_TRY: Final = _STANDING.failures == _number(MAX_FAILURES - 1)
_BLOCKS_BEFORE: Final[Case[int]] = case(
    *((_STANDING.blocks == _number(blocks), _number(block_seconds(blocks))) for blocks in range(len(BLOCK_SECONDS))),
    else_=_number(BLOCK_SECONDS[-1]),
)
# A block ends so many seconds after it began. One that stands for longer began by a clock that was set back since, and
# would keep the person out for as long as that was wrong.
_BLOCK_LENGTH: Final[Case[int]] = case(
    *((_STANDING.blocks == _number(place + 1), _number(length)) for place, length in enumerate(BLOCK_SECONDS)),
    else_=_number(BLOCK_SECONDS[-1]),
)
_IS_OVER: Final = or_(
    _STANDING.blocked_until <= _NOW,
    _STANDING.blocked_until > _NOW + _BLOCK_LENGTH + _number(CLOCKS_APART_SECONDS),
)


def _claim(insert: sqlite.Insert | postgresql.Insert) -> ReturningInsert[tuple[int, int]]:
    """Count a failure unless a block stands; the failure that fills the row starts the next block by itself.

    One statement: of many at the same moment each waits for the one before, and reads what that left.
    """
    return insert.on_conflict_do_update(
        index_elements=["counter_hash"],
        set_={
            "failures": case(
                (_IS_FORGOTTEN | (_STANDING.failures >= _number(MAX_FAILURES)), _number(1)),
                else_=_STANDING.failures + _number(1),
            ),
            "blocks": case(
                (_IS_FORGOTTEN, _number(0)), (_IS_LAST_TRY, _STANDING.blocks + _number(1)), else_=_STANDING.blocks
            ),
            "blocked_until": case((_IS_FORGOTTEN, _number(0)), (_IS_LAST_TRY, _NOW + _BLOCKS_BEFORE), else_=_number(0)),
            "expires_at": insert.excluded.expires_at,
        },
        where=_IS_OVER,
    ).returning(_STANDING.failures, _STANDING.blocked_until)


_COUNTED: Final = ("counter_hash", "failures", "blocks", "blocked_until", "expires_at")
_CLAIM: Final = {dialect: Statement(_claim(insert_for(dialect, attempt_counters)), _COUNTED) for dialect in DIALECTS}
_FIND_BLOCK: Final = select(_STANDING.blocked_until).where(attempt_counters.c.counter_hash == bindparam("wanted_hash"))
_IS_FULL: Final = _STANDING.failures >= _number(MAX_FAILURES)
_GIVE_BACK: Final = Statement(
    update(attempt_counters)
    .where(attempt_counters.c.counter_hash == bindparam("wanted_hash"), _STANDING.failures > _number(0))
    .values(
        failures=_STANDING.failures - _number(1),
        blocks=case((_IS_FULL, _STANDING.blocks - _number(1)), else_=_STANDING.blocks),
        blocked_until=case((_IS_FULL, _number(0)), else_=_STANDING.blocked_until),
    )
)
_FORGIVE: Final = Statement(delete(attempt_counters).where(attempt_counters.c.counter_hash == bindparam("wanted_hash")))

_IS_KNOWN: Final = select(known_devices.c.device_hash).where(
    known_devices.c.device_hash == bindparam("wanted_hash"),
    known_devices.c.account_id == bindparam("wanted_account"),
    known_devices.c.expires_at > _NOW,
)


def _remember(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["device_hash"], set_={"last_used_at": new.last_used_at, "expires_at": new.expires_at}
    )


_DEVICE: Final = tuple(column.name for column in known_devices.columns)
_REMEMBER: Final = {dialect: Statement(_remember(insert_for(dialect, known_devices)), _DEVICE) for dialect in DIALECTS}
_FORGET_OLDEST: Final = Statement(
    delete(known_devices).where(
        known_devices.c.account_id == bindparam("wanted_account"),
        known_devices.c.device_hash.not_in(
            select(known_devices.c.device_hash)
            .where(known_devices.c.account_id == bindparam("wanted_account"))
            .order_by(known_devices.c.last_used_at.desc(), known_devices.c.created_at.desc())
            .limit(MOST_DEVICES)
        ),
    )
)
_FORGET_ALL: Final = delete(known_devices).where(known_devices.c.account_id == bindparam("wanted_account"))


def claim(connection: Connection, counter_hash: bytes, now: int) -> tuple[int, int] | None:
    """Count a failure and answer how many there are and until when that blocks, or None while a block stands.

    Spec: RTS-SCA-4.3, ASVS5-6.3.1
    """
    row = {
        "counter_hash": counter_hash,
        "failures": 1,
        "blocks": 0,
        "blocked_until": 0,
        "expires_at": now + MEMORY_SECONDS,
    }
    found = _CLAIM[connection.dialect.name].row(connection, {**row, "now": now})
    return (int(found[0]), int(found[1])) if found else None


def find_block(connection: Connection, counter_hash: bytes) -> int:
    """Find until when a counter blocks; 0 where there is none."""
    return connection.execute(_FIND_BLOCK, {"wanted_hash": counter_hash}).scalar_one_or_none() or 0


def give_back(connection: Connection, counter_hash: bytes) -> None:
    """Take one failure away, and the block that it started."""
    _GIVE_BACK.run(connection, {"wanted_hash": counter_hash})


def forgive(connection: Connection, counter_hash: bytes) -> None:
    """Forget a counter with all its failures and blocks."""
    _FORGIVE.run(connection, {"wanted_hash": counter_hash})


def is_known_device(connection: Connection, device_hash: bytes, account_id: str, now: int) -> bool:
    """Answer whether the account was fully signed in on the device lately."""
    parameters = {"wanted_hash": device_hash, "wanted_account": account_id, "now": now}
    return connection.execute(_IS_KNOWN, parameters).first() is not None


def remember_device(connection: Connection, device_hash: bytes, account_id: str, now: int, expires_at: int) -> None:
    """Keep a device of an account, or keep it longer; only the latest few are kept.

    Each known device has tries of its own, so their number bounds what a stolen password can try.
    """
    row = {
        "device_hash": device_hash,
        "account_id": account_id,
        "created_at": now,
        "last_used_at": now,
        "expires_at": expires_at,
    }
    _REMEMBER[connection.dialect.name].run(connection, row)
    _FORGET_OLDEST.run(connection, {"wanted_account": account_id})


def forget_devices(connection: Connection, account_id: str) -> int:
    """Make strangers of all devices of an account and answer how many there were."""
    return connection.execute(_FORGET_ALL, {"wanted_account": account_id}).rowcount
