"""SQLite: one writing connection used in turns, and a pool of reading connections."""

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from threading import TIMEOUT_MAX
from time import monotonic

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authserver.db.connections import ConnectionPool, open_ours
from authserver.db.fair_lock import FairLock
from authserver.db.sqlite_connections import (
    again_while_busy,
    command,
    create_private_file,
    is_read_only,
    primary_code,
    reading_engine,
    writing_engine,
)
from authserver.db.sqlite_driver import driver_of
from authserver.db.writes import Writes, check_written, write_in_turn
from authserver.protocol.errors import TemporarilyUnavailable

# Primary result codes that a later attempt may not meet; anything else is our fault or a broken file.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)


_BEGIN = "BEGIN IMMEDIATE"


@dataclass(slots=True, eq=False)
class _Pending:
    """Writes that wait for their turn, and what came of them once they are durable."""

    writes: Writes
    answers: frozenset[bytes] | None = None
    error: SQLAlchemyError | None = None


class _FileReadOnlyError(OperationalError):
    """The file could not be written when its connection was opened."""


class _Probe:
    """What tells how one connection is: it has no other end that could be gone."""

    __slots__ = ("_connection", "_driver", "deadline")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver = driver_of(connection)
        self.deadline = 0.0  # SQLite waits for locks alone, as long as it was told when the connection was opened

    def is_alive(self) -> bool:
        """Return that it is."""
        return True

    def is_clean(self) -> bool:
        """Return whether it is open, and no transaction is."""
        return not (self._connection.invalidated or self._driver.in_transaction)


class SqliteBackend:
    """One database file, in write-ahead mode and synced at every commit.

    Threads of this process queue for the one writing connection. Against other processes BEGIN IMMEDIATE takes the
    file's write lock before anything is read, so a transaction never fails half-way with `database is locked`; while
    another process holds it we look again every few milliseconds, where SQLite's own handler would back off to tenths
    of a second and lose to a busy neighbour.
    """

    def __init__(self, url: URL, *, threads: int, patience_seconds: float) -> None:
        create_private_file(url)
        self._turns = FairLock(patience_seconds)
        self._writing = writing_engine(url, patience_seconds)
        self._reading = ConnectionPool(
            reading_engine(url, patience_seconds),
            most=threads,
            probe=_Probe,
        )
        self._writer: Connection | None = None
        self._pending: deque[_Pending] = deque()

    @contextmanager
    def transaction(self, deadline: float) -> Iterator[Connection]:
        """Commit if the body ends well, roll back if it raises."""
        patience_seconds = _left(deadline)
        with self._turns.turn(patience_seconds), self._begun(patience_seconds) as connection:
            yield connection

    def single(self, deadline: float) -> AbstractContextManager[Connection]:
        """Open a transaction: with one writer there is nothing shorter."""
        return self.transaction(deadline)

    def read(self, deadline: float) -> AbstractContextManager[Connection]:
        """Open a connection that cannot write."""
        return self._reading.lend(deadline)

    def write(self, writes: Writes, deadline: float) -> bool:
        """Write all of it; durable on return.

        Whoever comes to its turn first writes for all who are waiting, in one transaction: a commit is most of a turn.
        Whose turn does not come in time gives up only while nobody has begun to write for it.
        """
        mine, patience_seconds = _Pending(writes), _left(deadline)
        self._pending.append(mine)
        try:
            self._write_in_turn(mine, patience_seconds)
        except TemporarilyUnavailable:
            if self._withdraw(mine):
                raise
            # Another thread is writing it; what comes of that is known when its turn is over.
            self._write_in_turn(mine, patience_seconds, wait_seconds=TIMEOUT_MAX)
        except BaseException:
            self._withdraw(mine)
            raise
        if mine.error is not None:
            raise mine.error
        return check_written(writes, mine.answers or frozenset())

    def ping(self, connection: Connection) -> None:
        """Raise if the file cannot be read."""
        connection.exec_driver_sql("PRAGMA schema_version").scalar_one()

    def can_write(self, deadline: float) -> bool:
        """Write a number that is there already: nothing less tells of a full disk."""
        with self.transaction(deadline) as connection:
            number = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            connection.exec_driver_sql(f"PRAGMA user_version = {number}")
        return True

    def dispose(self) -> None:
        """Close every connection; wait for the transaction in progress."""
        with self._turns.turn():
            self._drop()
        self._reading.close()

    def passing_trouble(self, error: SQLAlchemyError) -> str | None:
        """Name the trouble if it may pass by itself; free of statements and values."""
        if isinstance(error, PoolTimeoutError):
            return "no connection to read became free in time"
        cause = error.orig if isinstance(error, DBAPIError) else None
        if not isinstance(cause, sqlite3.Error):
            return None
        # A read-only file; elsewhere the same code means that something of ours writes where it asked to read.
        if primary_code(cause) in _PASSING or isinstance(error, _FileReadOnlyError):
            return f"SQLite answered {cause.sqlite_errorname}"
        return None

    @contextmanager
    def _begun(self, patience_seconds: float) -> Iterator[Connection]:
        """Open a transaction on the writing connection, whose turn the caller has."""
        connection = self._open_writer()
        try:
            again_while_busy(lambda: command(connection, _BEGIN), patience_seconds)
            try:
                yield connection
            except BaseException:
                with suppress(SQLAlchemyError):  # a connection that cannot even roll back is not used again
                    command(connection, "ROLLBACK")
                raise
            command(connection, "COMMIT")
        except DBAPIError as error:
            if not is_read_only(error):
                raise
            self._drop()  # opened while the file could not be written, it would stay so
            raise _FileReadOnlyError(None, None, error.orig or error) from error
        finally:
            if connection is self._writer:
                self._drop_unless_clean(connection)

    def _write_in_turn(self, mine: _Pending, patience_seconds: float, wait_seconds: float | None = None) -> None:
        with self._turns.turn(patience_seconds if wait_seconds is None else wait_seconds):
            if mine.answers is None and mine.error is None:
                self._write_pending(patience_seconds)

    def _withdraw(self, mine: _Pending) -> bool:
        """Take it back; answer False if somebody has taken it up."""
        try:
            self._pending.remove(mine)
        except ValueError:
            return False
        return True

    def _write_pending(self, patience_seconds: float) -> None:
        """Write for all who are waiting, in the caller's turn; where that fails, for each by itself."""
        batch = [self._pending.popleft() for _ in range(len(self._pending))]
        try:
            self._write_together(batch, patience_seconds)
        except SQLAlchemyError as error:
            if len(batch) == 1 or self.passing_trouble(error) is not None:
                for each in batch:
                    each.error = error
            else:
                self._write_apart(batch, patience_seconds)
        except BaseException:
            self._pending.extendleft(reversed(batch))  # for those among them who come to their turn next
            raise

    def _write_together(self, batch: Sequence[_Pending], patience_seconds: float) -> None:
        with self._begun(patience_seconds) as connection:
            answers = [write_in_turn(connection, each.writes) for each in batch]
        for each, its_answers in zip(batch, answers, strict=True):
            each.answers = its_answers

    def _write_apart(self, batch: Sequence[_Pending], patience_seconds: float) -> None:
        for each in batch:
            try:
                self._write_together([each], patience_seconds)
            except SQLAlchemyError as error:
                each.error = error

    def _open_writer(self) -> Connection:
        if self._writer is None:
            self._writer = open_ours(self._writing)
        return self._writer

    def _drop_unless_clean(self, connection: Connection) -> None:
        # A connection that could not even roll back is not handed to the next transaction.
        if connection.invalidated or driver_of(connection).in_transaction:
            self._drop()

    def _drop(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.invalidate()
            writer.close()


def _left(deadline: float) -> float:
    """Return how many seconds there are up to a moment of the monotonic clock."""
    return max(0.0, deadline - monotonic())
