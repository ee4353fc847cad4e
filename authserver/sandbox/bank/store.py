"""What was paid under each mandate in each period, in the bank's own database: the limit is part of the statement."""

from datetime import date
from typing import Final

from sqlalchemy import BigInteger, Column, Date, LargeBinary, MetaData, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from authserver.db.engine import DIALECTS, Database
from authserver.db.upsert import insert_for

_totals = Table(
    "mandate_totals",
    MetaData(),
    Column("mandate_id", LargeBinary(32), primary_key=True),
    Column("first_day", Date, primary_key=True),
    Column("paid_cents", BigInteger, nullable=False),
)
_CREATE: Final = CreateTable(_totals, if_not_exists=True)
_FIND: Final = select(_totals.c.paid_cents).where(
    _totals.c.mandate_id == bindparam("mandate_id"), _totals.c.first_day == bindparam("first_day")
)


def _add(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Build the one statement that adds a payment where the total then still lies within the limit."""
    insert = insert_for(dialect, _totals).values(
        mandate_id=bindparam("mandate_id"), first_day=bindparam("first_day"), paid_cents=bindparam("cents")
    )
    total = _totals.c.paid_cents + insert.excluded.paid_cents
    return insert.on_conflict_do_update(
        index_elements=["mandate_id", "first_day"],
        set_={"paid_cents": total},
        where=total <= bindparam("limit_cents"),
    )


_ADD: Final = {dialect: _add(dialect) for dialect in DIALECTS}


class MandateTotals:
    """Keeps the running totals, in a table which it makes where it is missing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.transaction() as connection:
            connection.execute(_CREATE)

    def add(self, mandate_id: bytes, first_day: date, cents: int, limit_cents: int) -> bool:
        """Add a payment to the total of the period that began on a day; false, and nothing added, beyond the limit.

        One statement, and its row count decides: of two at the same moment the second waits for the first, and is
        measured against what the first has left. A payment that fails after it stays counted: less is paid, never more.
        """
        if cents > limit_cents:
            return False
        values = {"mandate_id": mandate_id, "first_day": first_day, "cents": cents, "limit_cents": limit_cents}
        with self._database.single() as connection:
            return connection.execute(_ADD[self._database.dialect], values).rowcount == 1

    def find(self, mandate_id: bytes, first_day: date) -> int:
        """Return the cents paid in the period that began on a day."""
        with self._database.read() as connection:
            found = connection.execute(_FIND, {"mandate_id": mandate_id, "first_day": first_day}).scalar_one_or_none()
        return int(found or 0)
