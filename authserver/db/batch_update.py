"""An UPDATE over a whole table, in windows of its primary key: each a short transaction, none with a lock for long."""

from typing import Final

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, Text, Update, bindparam, func, select

from authserver.db.engine import Database
from authserver.values import Value

WINDOW_ROWS: Final = 5000


class BatchUpdate(Value, frozen=True):
    """An UPDATE of those rows of a table that its conditions choose, to be run window by window.

    No value of it may be called `after`, `until` or `place`.
    """

    table: Table
    update: Update

    def run(self, database: Database, values: dict[str, object], window_rows: int = WINDOW_ROWS) -> int:
        """Update the whole table, and return how many rows were; it may be stopped and begun again at any moment.

        A row added behind the window that has passed is not met: whoever sweeps has made such rows worthless before.
        """
        key = next(iter(self.table.primary_key.columns))
        end = select(key).where(key > bindparam("after")).order_by(key).limit(1).offset(bindparam("place"))
        window = self.update.where(key > bindparam("after"), key <= bindparam("until"))
        rest = self.update.where(key > bindparam("after"))
        after: object = b"" if isinstance(key.type, LargeBinary) else ""
        updated = 0
        while True:
            with database.transaction() as connection:
                until = connection.execute(end, {"after": after, "place": window_rows - 1}).scalar()
                if until is None:
                    return updated + connection.execute(rest, {**values, "after": after}).rowcount
                updated += connection.execute(window, {**values, "after": after, "until": until}).rowcount
            after = until


def names_resource(column: Column[str]) -> ColumnElement[bool]:
    """Return whether a column's JSON holds the string `resource`, which is given as JSON too, anywhere."""
    return func.replace(column, bindparam("resource", type_=Text), "") != column
