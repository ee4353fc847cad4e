"""Statements on libpq itself, below psycopg's cursors, whose machinery costs more than the rest of a round trip.

One prepared statement with one row to write takes 60 us of processor time here, 167 through a cursor, and 320 through
SQLAlchemy's Core. Whoever waits for the server waits on its socket until the connection's deadline, with Python's lock
released: half a microsecond more than libpq's own wait, which has no end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from authserver.db.compiled import Compiled, Outcome
from authserver.db.postgresql_connection import BoundedConnection, ends_connection

_TEXT, _BINARY = 0, 1
_KEPT = "authserver driver"
_GOOD = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


class _Kept:
    """What is kept with each of the driver's connections: libpq's, what it has prepared, psycopg's reader of its rows.

    The reader is compiled: 30 columns cost 1.6 us, 6.7 in a loop of ours.
    """

    __slots__ = ("driver", "pgconn", "prepared", "reader")

    def __init__(self, driver: BoundedConnection) -> None:
        self.driver = driver
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

    def prepare(self, compiled: Compiled) -> None:
        """Prepare a statement on this connection."""
        self.pgconn.send_prepare(compiled.name, compiled.sql.encode())
        _check(self.pgconn, self.driver.await_result())
        self.prepared.add(compiled.name)


def run(connection: Connection, compiled: Compiled, values: Mapping[str, object]) -> Outcome:
    """Run a compiled statement, prepared on this connection when it is first run; raises SQLAlchemy's errors."""
    kept: _Kept | None = connection.info.get(_KEPT)
    if kept is None:
        kept = connection.info[_KEPT] = _Kept(driver_of(connection))
    pgconn = kept.pgconn
    parameters, formats = _adapt(compiled.arrange(values))
    try:
        if kept.driver.is_pooled:  # the next transaction may meet another server session, which has prepared nothing
            pgconn.send_query_params(compiled.sql.encode(), parameters, None, formats, _BINARY)
        else:
            if compiled.name not in kept.prepared:
                kept.prepare(compiled)
            pgconn.send_query_prepared(compiled.name, parameters, formats, _BINARY)
        result = kept.driver.await_result()
        _check(pgconn, result)
    except psycopg.Error as error:
        raise _wrap(connection, error) from error
    return Outcome(kept.rows(result), result.command_tuples or 0)


def command(connection: Connection, text: bytes) -> None:
    """Run a command without parameters or rows, such as BEGIN; raises SQLAlchemy's errors."""
    driver = driver_of(connection)
    try:
        driver.pgconn.send_query(text)
        _check(driver.pgconn, driver.await_result())
    except psycopg.Error as error:
        raise _wrap(connection, error) from error


def notice_pooler(driver: BoundedConnection) -> None:
    """Ask, once on each new connection, whether a pooler such as PgBouncer stands between; raises psycopg's errors.

    A pooler gives its clients a number of its own for the process that serves them.
    """
    driver.pgconn.send_query(b"SELECT pg_backend_pid()")
    result = driver.await_result()
    _check(driver.pgconn, result)
    driver.is_pooled = result.get_value(0, 0) != str(driver.pgconn.backend_pid).encode()


def driver_of(connection: Connection) -> BoundedConnection:
    """Return the driver's connection."""
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, BoundedConnection):
        raise TypeError("the connection is not one of ours to PostgreSQL")
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


def _check(pgconn: PGconn, result: PGresult) -> None:
    if result.status in _GOOD:
        return
    if pgconn.status == ConnStatus.BAD and not result.error_field(DiagnosticField.SQLSTATE):
        # psycopg has no narrower class than DatabaseError for an error that libpq made itself.
        raise psycopg.OperationalError("the connection was lost")
    error = error_from_result(result)
    # Without its detail, which may show the row: "Failing row contains (...)".
    error.args = ((result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode("utf-8", "replace"),)
    raise error


def _wrap(connection: Connection, error: psycopg.Error) -> BaseException:
    if ends_connection(error):
        connection.invalidate()
    return DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True)
