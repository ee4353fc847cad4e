"""PostgreSQL: connections that commit each statement by itself, and are told where a transaction begins and ends."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authserver.db.connections import BorrowedConnection, ConnectionPool
from authserver.db.postgresql_connection import OUTDATED, BoundedConnection, DeadlineExceeded, ends_connection
from authserver.db.postgresql_driver import command, driver_of, notice_pooler
from authserver.db.postgresql_url import check_url, connect_args, hide_secrets, secrets_of
from authserver.db.writes import Writes, check_written, write_as_one

# SQLSTATE classes that a later attempt may not meet: connection, transaction rolled back by the server, resources,
# object in use, operator intervention (cancelled, shutting down), system error. Not 54: a value too large stays so.
_PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_READ_ONLY = "25006"
_TIMED_OUT_IN_TRANSACTION = "25P03"
_PASSING = OUTDATED | {_READ_ONLY, _TIMED_OUT_IN_TRANSACTION}
_NO_STORAGE = frozenset({"53100", "58030"})  # the disk is full, or failed
_NO_STORAGE_SECONDS = 10.0
_SPARE_CONNECTIONS = 2  # beside the request threads: readiness probes and the like
_LONGEST_WORDS = 400
_CAN_WRITE = "SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean"


class PostgresqlBackend:
    """A PostgreSQL database through psycopg, with up to two connections for each of the server's threads.

    Two, so that a thread inside a transaction that must read beside it never waits for the others.
    """

    def __init__(self, url: URL, *, threads: int, patience_seconds: float, statement_seconds: float) -> None:
        check_url(url)
        engine = create_engine(
            url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            poolclass=NullPool,
            pool_reset_on_return=None,
            hide_parameters=True,
            use_native_hstore=False,
            connect_args=connect_args(url, patience_seconds, statement_seconds),
        )
        _bound(engine, patience_seconds)
        self._secrets = secrets_of(url)
        self._held = ConnectionPool(engine, most=2 * (threads + _SPARE_CONNECTIONS), probe=driver_of)
        self._no_storage_until = 0.0

    @contextmanager
    def transaction(self, deadline: float) -> Iterator[Connection]:
        """Commit if the body ends well, roll back if it raises."""
        with self._held.lend(deadline) as connection:
            command(connection, b"BEGIN")
            try:
                yield connection
                _check_unbroken(connection)
            except BaseException:
                with suppress(SQLAlchemyError):  # what cannot even roll back is not lent again
                    command(connection, b"ROLLBACK")
                raise
            command(connection, b"COMMIT")

    def single(self, deadline: float) -> AbstractContextManager[Connection]:
        """Open a connection on which each statement commits itself: one round trip."""
        return BorrowedConnection(self._held, deadline)

    def read(self, deadline: float) -> AbstractContextManager[Connection]:
        """Open a connection on which no transaction stays open."""
        return BorrowedConnection(self._held, deadline)

    def write(self, writes: Writes, deadline: float) -> bool:
        """Write all of it by one statement; durable on return."""
        with self._held.lend(deadline) as connection:
            answers = write_as_one(connection, writes)
        return check_written(writes, answers)

    def ping(self, connection: Connection) -> None:
        """Raise if the server does not answer."""
        connection.exec_driver_sql("SELECT 1").scalar_one()

    def can_write(self, deadline: float) -> bool:
        """Ask the server; raises where it does not answer. False for ten seconds after it had no room for a write."""
        # No probe can ask for storage: a row may find room in a page that is there while the next row finds none.
        if monotonic() < self._no_storage_until:
            return False
        with self._held.lend(deadline) as connection:
            return bool(connection.exec_driver_sql(_CAN_WRITE).scalar_one())

    def dispose(self) -> None:
        """Close the connections; one in use is closed when it is given back."""
        self._held.close()

    def passing_trouble(self, error: SQLAlchemyError) -> str | None:
        """Name the trouble if it may pass by itself, free of statements and values; a full disk is remembered."""
        if isinstance(error, PoolTimeoutError):
            return str(error)
        cause = error.orig if isinstance(error, DBAPIError) else None
        if not isinstance(cause, psycopg.Error):
            return None
        if isinstance(cause, DeadlineExceeded):
            return "PostgreSQL did not answer in time; its connection was closed"
        if cause.sqlstate is None and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            return f"PostgreSQL cannot be reached: {self._words_of(cause)}"
        if cause.sqlstate in _NO_STORAGE:
            self._no_storage_until = monotonic() + _NO_STORAGE_SECONDS
        if (cause.sqlstate or "")[:2] in _PASSING_CLASSES or cause.sqlstate in _PASSING:
            return f"PostgreSQL answered SQLSTATE {cause.sqlstate}: {self._words_of(cause)}"
        return None

    def _words_of(self, error: psycopg.Error) -> str:
        """Return what the server, a pooler or the driver says of it: one short line, without the URL's passwords."""
        return hide_secrets(error.diag.message_primary or str(error), self._secrets)[:_LONGEST_WORDS]


def _bound(engine: Engine, patience_seconds: float) -> None:
    """Have an engine open connections that nobody waits for without end, and close those that an error has ended."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, arguments: list[Any], named: dict[str, Any]) -> BoundedConnection:
        connection = BoundedConnection.connect(*arguments, **named)
        connection.deadline = monotonic() + patience_seconds
        try:
            notice_pooler(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @event.listens_for(engine, "handle_error")
    def judge(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, psycopg.Error) and ends_connection(context.original_exception):
            context.is_disconnect = True


def _check_unbroken(connection: Connection) -> None:
    """Refuse to commit after a statement failed and the body went on: PostgreSQL would roll back without a word."""
    if driver_of(connection).pgconn.transaction_status == TransactionStatus.INERROR:
        raise RuntimeError("a database error was swallowed inside a transaction; nothing of it can be kept")
