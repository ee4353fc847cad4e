"""Statements on libpq itself, below psycopg's cursors, whose machinery costs more than the rest of a round trip.

One prepared statement with one row to write takes 60 us of processor time here, 167 through a cursor, and 320 through
SQLAlchemy's Core. Waiting happens inside libpq, with Python's lock released. Time limits are the server's
(`statement_timeout`) and the socket's (`tcp_user_timeout`), as they are for psycopg.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from authserver.db.compiled import Compiled, Outcome

_TEXT, _BINARY = 0, 1
_KEPT = "authserver driver"
_GOOD = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})

OUTDATED = frozenset({"26000", "0A000"})
"""A prepared statement is gone, or no longer fits its table: its connection is given up, and the next works."""


class _Kept:
    """What is kept with each of the driver's connections: libpq's, what it has prepared, psycopg's reader of its rows.

    The reader is compiled: 30 columns cost 1.6 us, 6.7 in a loop of ours.
    """

    __slots__ = ("pgconn", "prepared", "reader")

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self.pgconn = driver.pgconn
        self.prepared: set[bytes] = set()
        self.reader = Transformer(driver)

    def rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        """Return the rows of a result; nothing of them is kept."""
        count = result.ntuples
        if not count:
            return []
        self.reader.set_pgresult(result)
        rows = self.reader.load_rows(0, count, tuple)
        self.reader.set_pgresult(None)
        return rows


def run(connection: Connection, compiled: Compiled, values: Mapping[str, object]) -> Outcome:
    """Run a compiled statement, prepared on this connection when it is first run; raises SQLAlchemy's errors."""
    kept: _Kept | None = connection.info.get(_KEPT)
    if kept is None:
        kept = connection.info[_KEPT] = _Kept(_driver_of(connection))
    pgconn = kept.pgconn
    if compiled.name not in kept.prepared:
        _check(pgconn.prepare(compiled.name, compiled.sql.encode()))
        kept.prepared.add(compiled.name)
    parameters, formats = _adapt(compiled.arrange(values))
    try:
        # psycopg's annotation leaves out None, which is how it takes NULL.
        result = pgconn.exec_prepared(compiled.name, parameters, formats, _BINARY)  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise _wrap(error) from error
    try:
        _check(result)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in OUTDATED:
            connection.invalidate()
        raise
    return Outcome(kept.rows(result), result.command_tuples or 0)


def command(connection: Connection, text: bytes) -> None:
    """Run a command without parameters or rows, such as BEGIN; raises SQLAlchemy's errors."""
    pgconn = pgconn_of(connection)
    try:
        _check(pgconn.exec_(text))
    except psycopg.Error as error:
        raise _wrap(error) from error


def pgconn_of(connection: Connection) -> PGconn:
    """Return libpq's connection."""
    return _driver_of(connection).pgconn


def _driver_of(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("the connection is not psycopg's")
    return driver


def _adapt(values: Sequence[object]) -> tuple[list[bytes | None], list[int]]:
    """Return values as libpq takes them, and the format of each; as a C string text would end at a NUL."""
    parameters: list[bytes | None] = []
    formats: list[int] = []
    for value in values:
        if value is None or isinstance(value, bytes):
            parameters.append(value)
            formats.append(_BINARY)
        elif isinstance(value, str):
            parameters.append(value.encode())
            formats.append(_BINARY)
        elif isinstance(value, int):
            parameters.append(b"%d" % value)
            formats.append(_TEXT)
        else:
            raise TypeError(f"no column of ours holds a {type(value).__name__}")
    return parameters, formats


def _check(result: PGresult) -> None:
    if result.status not in _GOOD:
        error = error_from_result(result)
        # Without its detail, which may show the row: "Failing row contains (...)".
        error.args = ((result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode("utf-8", "replace"),)
        raise _wrap(error) from error


def _wrap(error: psycopg.Error) -> BaseException:
    return DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True)
