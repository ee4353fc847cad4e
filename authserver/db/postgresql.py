"""PostgreSQL: one pool for transactions, one for single statements that commit themselves."""

import select
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# SQLSTATE classes that a later attempt may not meet: connection, transaction rolled back by the server, resources,
# object in use, operator intervention (cancelled, shutting down), system error. Not 54: a value too large stays so.
_PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_SPARE_CONNECTIONS = 2  # beside the request threads: readiness probes and the like


class PostgresqlBackend:
    """A PostgreSQL database through psycopg, with pools as wide as the server's threads.

    Two engines, since switching a connection to autocommit and back costs more than a read.
    """

    def __init__(self, url: URL, *, threads: int, patience_seconds: float, statement_seconds: float) -> None:
        common: dict[str, Any] = {
            "pool_size": threads,
            "max_overflow": _SPARE_CONNECTIONS,
            "pool_timeout": patience_seconds,
            "hide_parameters": True,
            "use_native_hstore": False,
            "connect_args": _connect_args(url, patience_seconds, statement_seconds),
        }
        url = url.set(drivername="postgresql+psycopg").difference_update_query(["options"])
        self._transactions = create_engine(url, **common)
        self._autocommit = create_engine(
            url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, pool_reset_on_return=None, **common
        )
        for engine in (self._transactions, self._autocommit):
            _look_before_use(engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit if the body ends well, roll back if it raises."""
        with self._transactions.begin() as connection:
            yield connection
            _check_unbroken(connection)

    def single(self) -> AbstractContextManager[Connection]:
        """Open a connection on which each statement commits itself: one round trip."""
        return self._autocommit.connect()

    def read(self) -> AbstractContextManager[Connection]:
        """Open a connection on which no transaction stays open."""
        return self._autocommit.connect()

    def ping(self) -> None:
        """Raise if the server does not answer."""
        with self.read() as connection:
            connection.exec_driver_sql("SELECT 1").scalar_one()

    def dispose(self) -> None:
        """Close the pooled connections; one in use is closed when it is given back."""
        self._transactions.dispose()
        self._autocommit.dispose()

    def passing_trouble(self, error: SQLAlchemyError) -> str | None:
        """Name the trouble if it may pass by itself; free of statements and values."""
        if isinstance(error, PoolTimeoutError):
            return "no connection became free in time"
        cause = error.orig if isinstance(error, DBAPIError) else None
        if not isinstance(cause, psycopg.Error):
            return None
        if cause.sqlstate is None and isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            return f"PostgreSQL cannot be reached: {type(cause).__name__}"
        if (cause.sqlstate or "")[:2] in _PASSING_CLASSES:
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
        "options": f"{bounds} {options}".strip(),
    }


def _look_before_use(engine: Engine) -> None:
    """Replace a connection that the server has closed before anyone meets it.

    An idle connection has nothing to say, so a readable socket means its end. Looking costs a microsecond, where
    `pool_pre_ping` would add a round trip to every request.
    """

    @event.listens_for(engine, "checkout")
    def check(driver: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
        poll = select.poll()
        poll.register(driver.fileno(), select.POLLIN)
        if poll.poll(0):
            raise DisconnectionError


def _check_unbroken(connection: Connection) -> None:
    """Refuse to commit after a statement failed and the body went on: PostgreSQL would roll back without a word."""
    driver = connection.connection.dbapi_connection
    if isinstance(driver, psycopg.Connection) and driver.pgconn.transaction_status == TransactionStatus.INERROR:
        raise RuntimeError("a database error was swallowed inside a transaction; nothing of it can be kept")
