"""Statements that run on the driver itself: written with SQLAlchemy Core, compiled once, then free of it.

Core's own way to execute costs several times what the driver needs, at each statement, on both databases.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, Connection

from authserver.db import sqlite_driver
from authserver.db.compiled import Compiled, Outcome, compile_for

_Run = Callable[[Connection, Compiled, Mapping[str, object]], Outcome]


@cache
def _runner_of(dialect: str) -> _Run:
    if dialect == "sqlite":
        return sqlite_driver.run
    from authserver.db import postgresql_driver  # noqa: PLC0415 - who is on SQLite does not carry its driver

    return postgresql_driver.run


class Statement:
    """One statement of Core, for values of the types that our columns have: bytes, str, int and None.

    It runs on any connection of `Database`, in its transaction where there is one, and is compiled for a dialect when
    it first meets it. An INSERT takes the names of the columns that it is given.
    """

    __slots__ = ("_columns", "_compiled", "_core")

    def __init__(self, core: ClauseElement, columns: Iterable[str] | None = None) -> None:
        self._core = core
        self._columns = None if columns is None else tuple(columns)
        self._compiled: dict[str, tuple[_Run, Compiled]] = {}

    def __str__(self) -> str:
        return str(self._core)

    def rows(self, connection: Connection, values: Mapping[str, object]) -> Sequence[tuple[Any, ...]]:
        """Run it and return every row."""
        return self.run(connection, values).rows

    def row(self, connection: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Run it and return its one row, or None; raises LookupError for several."""
        rows = self.run(connection, values).rows
        if len(rows) > 1:
            raise LookupError("one row was expected, several came")
        return rows[0] if rows else None

    def count(self, connection: Connection, values: Mapping[str, object]) -> int:
        """Run it and return how many rows it wrote."""
        return self.run(connection, values).written

    def run(self, connection: Connection, values: Mapping[str, object]) -> Outcome:
        """Run it on the driver's connection below this one; raises SQLAlchemy's errors, as Core would."""
        dialect = connection.dialect.name
        found = self._compiled.get(dialect)
        if found is None:
            compiled = compile_for(dialect, self._core, self._columns)
            found = self._compiled[dialect] = _runner_of(dialect), compiled
        run, compiled = found
        return run(connection, compiled, values)
