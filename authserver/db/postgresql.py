"""PostgreSQL: connections that commit each statement by itself, and are told where a transaction begins and ends."""

import select
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authserver.db.at_once import Writes, check_written, write_as_one
from authserver.db.held import HeldConnections
from authserver.db.postgresql_driver import OUTDATED, command, pgconn_of

# SQLSTATE classes that a later attempt may not meet: connection, transaction rolled back by the server, resources,
# object in use, operator intervention (cancelled, shutting down), system error. Not 54: a value too large stays so.
_PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_IDLE = int(TransactionStatus.IDLE)
_SPARE_CONNECTIONS = 2  # beside the request threads: readiness probes and the like


class PostgresqlBackend:
    """A PostgreSQL database through psycopg, with as many connections of either kind as the server has threads.

    Two kinds, so that a thread inside a transaction that must read beside it never waits for the others of its kind.
    """

    def __init__(self, url: URL, *, threads: int, patience_seconds: float, statement_seconds: float) -> None:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            poolclass=NullPool,
            pool_reset_on_return=None,
            hide_parameters=True,
            use_native_hstore=False,
            connect_args=_connect_args(url, patience_seconds, statement_seconds),
        )
        self._transactions, self._singles = (
            HeldConnections(
                engine,
                most=threads + _SPARE_CONNECTIONS,
                patience_seconds=patience_seconds,
                probe=_Probe,
            )
            for _ in range(2)
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit if the body ends well, roll back if it raises."""
        with self._transactions.lend() as connection:
            command(connection, b"BEGIN")
            try:
                yield connection
                _check_unbroken(connection)
            except BaseException:
                with suppress(SQLAlchemyError):  # what cannot even roll back is not lent again
                    command(connection, b"ROLLBACK")
                raise
            command(connection, b"COMMIT")

    def single(self) -> AbstractContextManager[Connection]:
        """Open a connection on which each statement commits itself: one round trip."""
        return self._singles.lend()

    def read(self) -> AbstractContextManager[Connection]:
        """Open a connection on which no transaction stays open."""
        return self._singles.lend()

    def write(self, writes: Writes) -> bool:
        """Write all of it by one statement; durable on return."""
        with self._singles.lend() as connection:
            answers = write_as_one(connection, writes)
        return check_written(writes, answers)

    def ping(self) -> None:
        """Raise if the server does not answer."""
        with self.read() as connection:
            connection.exec_driver_sql("SELECT 1").scalar_one()

    def dispose(self) -> None:
        """Close the connections; one in use is closed when it is given back."""
        self._transactions.close()
        self._singles.close()

    def passing_trouble(self, error: SQLAlchemyError) -> str | None:
        """Name the trouble if it may pass by itself; free of statements and values."""
        if isinstance(error, PoolTimeoutError):
            return "no connection became free in time"
        cause = error.orig if isinstance(error, DBAPIError) else None
        if not isinstance(cause, psycopg.Error):
            return None
        if cause.sqlstate is None and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            return f"PostgreSQL cannot be reached: {type(cause).__name__}"
        if (cause.sqlstate or "")[:2] in _PASSING_CLASSES or cause.sqlstate in OUTDATED:
            return f"PostgreSQL answered SQLSTATE {cause.sqlstate}"
        return None


def _connect_args(url: URL, patience_seconds: float, statement_seconds: float) -> dict[str, Any]:
    """Bound every wait; what the URL says in `options` comes later and so wins."""
    sent = url.query.get("options", "")
    options = sent if isinstance(sent, str) else " ".join(sent)
    bounds = f"-c statement_timeout={int(statement_seconds * 1000)} -c idle_in_transaction_session_timeout=60000"
    return {
        "connect_timeout": max(2, int(patience_seconds)),
        "tcp_user_timeout": int(patience_seconds * 1000),
        "application_name": "authserver",
        "client_encoding": "utf8",  # what our statements send, whatever the database keeps
        "options": f"{bounds} {options}".strip(),
    }


class _Probe:
    """What tells how one connection is."""

    __slots__ = ("_pgconn", "_poll")

    def __init__(self, connection: Connection) -> None:
        self._pgconn = pgconn_of(connection)
        self._poll = select.poll()
        self._poll.register(self._pgconn.socket, select.POLLIN)

    def is_alive(self) -> bool:
        """Return whether the server still holds the connection, which was idle.

        An idle connection has nothing to say, so a readable socket means its end. Looking costs a microsecond, where
        `pool_pre_ping` would add a round trip to every request.
        """
        return not self._poll.poll(0)

    def is_clean(self) -> bool:
        """Return whether no transaction is open."""
        return self._pgconn.transaction_status == _IDLE


def _check_unbroken(connection: Connection) -> None:
    """Refuse to commit after a statement failed and the body went on: PostgreSQL would roll back without a word."""
    if pgconn_of(connection).transaction_status == TransactionStatus.INERROR:
        raise RuntimeError("a database error was swallowed inside a transaction; nothing of it can be kept")
