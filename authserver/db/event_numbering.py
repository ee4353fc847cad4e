"""Numbers for rows of events, given after their commit, so that who follows the numbers misses no row.

A number taken when a row is written would be seen out of order: a transaction that is longer under way commits a lower
one after a reader has passed it. Here whoever numbers holds one row until it commits, so that numbers become visible in
their order, and numbers only what it sees committed. Numbers may have gaps, and none is given twice.
"""

from typing import Final

from sqlalchemy import BigInteger, bindparam, func, select, update

from authserver.db.engine import DIALECTS, Database
from authserver.db.statement import Statement
from authserver.db.tables.events import event_numbers, events
from authserver.db.upsert import insert_for

BATCH: Final = 500
"""How many rows are numbered in one transaction."""

_NAME: Final = "events"
_IN_ORDER: Final = (events.c.happened_at, events.c.event_id)

_FIND_WAITING: Final = Statement(select(events.c.event_id).where(events.c.position.is_(None)).limit(1))
_BEGIN: Final = {
    dialect: Statement(
        insert_for(dialect, event_numbers).on_conflict_do_nothing(index_elements=["name"]), ("name", "last")
    )
    for dialect in DIALECTS
}
_HOLD: Final = Statement(
    select(event_numbers.c.last).where(event_numbers.c.name == bindparam("held")).with_for_update()
)
_FIND_LAST: Final = Statement(select(event_numbers.c.last).where(event_numbers.c.name == bindparam("held")))
_ADVANCE: Final = Statement(
    update(event_numbers).where(event_numbers.c.name == bindparam("held")).values(last=bindparam("given"))
)
_first = select(*_IN_ORDER).where(events.c.position.is_(None)).order_by(*_IN_ORDER).limit(bindparam("most")).subquery()
# Materialized: PostgreSQL would choose again for each row that it finds changed meanwhile.
_placed = (
    select(_first.c.event_id, func.row_number().over(order_by=(_first.c.happened_at, _first.c.event_id)).label("place"))
    .cte("placed")
    .prefix_with("MATERIALIZED")
)
_NUMBER: Final = Statement(
    update(events)
    .where(events.c.event_id == _placed.c.event_id)
    .values(position=bindparam("last_given", type_=BigInteger) + _placed.c.place)
    .returning(events.c.position)
)


def number_committed(database: Database, most: int = BATCH) -> int:
    """Give numbers to a batch of rows that have none, the earliest first, and return how many; 0 writes nothing."""
    with database.read() as connection:
        if not _FIND_WAITING.rows(connection, {}):
            return 0
    with database.transaction() as connection:
        _BEGIN[database.dialect].run(connection, {"name": _NAME, "last": 0})
        ((last,),) = _HOLD.rows(connection, {"held": _NAME})
        given = [position for (position,) in _NUMBER.rows(connection, {"last_given": last, "most": most})]
        if given:
            _ADVANCE.run(connection, {"held": _NAME, "given": max(given)})
    return len(given)


def find_last(database: Database) -> int:
    """Return the last number given; 0 for none."""
    with database.read() as connection:
        row = _FIND_LAST.row(connection, {"held": _NAME})
    return 0 if row is None else int(row[0])
