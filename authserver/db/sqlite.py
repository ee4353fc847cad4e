"""SQLite: one writing connection used in turns, and a pool of reading connections."""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authserver.db.at_once import Writes, check_written, write_in_turn
from authserver.db.held import HeldConnections, open_ours
from authserver.db.sqlite_driver import driver_of
from authserver.db.turns import Turns

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
_FIRST_PAUSE_SECONDS = 0.0005
_LONGEST_PAUSE_SECONDS = 0.004


@dataclass(slots=True, eq=False)
class _Pending:
    """Writes that wait for their turn, and what came of them once they are durable."""

    writes: Writes
    answers: frozenset[bytes] | None = None
    error: SQLAlchemyError | None = None


class _Probe:
    """What tells how one connection is: it has no other end that could be gone."""

    __slots__ = ("_driver",)

    def __init__(self, connection: Connection) -> None:
        self._driver = driver_of(connection)

    def is_alive(self) -> bool:
        """Return that it is."""
        return True

    def is_clean(self) -> bool:
        """Return whether no transaction is open."""
        return not self._driver.in_transaction


class SqliteBackend:
    """One database file, in write-ahead mode and synced at every commit.

    Threads of this process queue for the one writing connection. Against other processes BEGIN IMMEDIATE takes the
    file's write lock before anything is read, so a transaction never fails half-way with `database is locked`; while
    another process holds it we look again every few milliseconds, where SQLite's own handler would back off to tenths
    of a second and lose to a busy neighbour.
    """

    def __init__(self, url: URL, *, threads: int, patience_seconds: float) -> None:
        _create_private_file(url)
        self._patience_seconds = patience_seconds
        self._turns = Turns(patience_seconds)
        self._writing = _writing_engine(url, patience_seconds)
        self._reading = HeldConnections(
            _reading_engine(url, patience_seconds),
            most=threads,
            patience_seconds=patience_seconds,
            probe=_Probe,
        )
        self._writer: Connection | None = None
        self._pending: deque[_Pending] = deque()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit if the body ends well, roll back if it raises."""
        with self._turns.turn(), self._begun() as connection:
            yield connection

    def single(self) -> AbstractContextManager[Connection]:
        """Open a transaction: with one writer there is nothing shorter."""
        return self.transaction()

    def read(self) -> AbstractContextManager[Connection]:
        """Open a connection that cannot write."""
        return self._reading.lend()

    def write(self, writes: Writes) -> bool:
        """Write all of it; durable on return.

        Whoever comes to its turn first writes for all who are waiting, in one transaction: a commit is most of a turn.
        """
        mine = _Pending(writes)
        self._pending.append(mine)
        try:
            with self._turns.turn():
                if mine.answers is None and mine.error is None:
                    self._write_pending()
        finally:
            with suppress(ValueError):  # taken up, as it is unless its turn never came
                self._pending.remove(mine)
        if mine.error is not None:
            raise mine.error
        return check_written(writes, mine.answers or frozenset())

    def ping(self) -> None:
        """Raise if the file cannot be read."""
        with self.read() as connection:
            connection.exec_driver_sql("PRAGMA schema_version").scalar_one()

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
        if isinstance(cause, sqlite3.Error) and _primary_code(cause) in _PASSING:
            return f"SQLite answered {cause.sqlite_errorname}"
        return None

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        """Open a transaction on the writing connection, whose turn the caller has."""
        connection = self._open_writer()
        try:
            _again_while_busy(lambda: _command(connection, "BEGIN IMMEDIATE"), self._patience_seconds)
            try:
                yield connection
            except BaseException:
                with suppress(SQLAlchemyError):  # a connection that cannot even roll back is not used again
                    _command(connection, "ROLLBACK")
                raise
            _command(connection, "COMMIT")
        finally:
            self._drop_unless_clean(connection)

    def _write_pending(self) -> None:
        """Write for all who are waiting, in the caller's turn; where that fails, for each by itself."""
        batch = [self._pending.popleft() for _ in range(len(self._pending))]
        try:
            self._write_together(batch)
        except SQLAlchemyError as error:
            if len(batch) == 1 or self.passing_trouble(error) is not None:
                for each in batch:
                    each.error = error
            else:
                self._write_apart(batch)
        except BaseException:
            self._pending.extendleft(reversed(batch))  # for those among them who come to their turn next
            raise

    def _write_together(self, batch: Sequence[_Pending]) -> None:
        with self._begun() as connection:
            answers = [write_in_turn(connection, each.writes) for each in batch]
        for each, its_answers in zip(batch, answers, strict=True):
            each.answers = its_answers

    def _write_apart(self, batch: Sequence[_Pending]) -> None:
        for each in batch:
            try:
                self._write_together([each])
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


def _primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _command(connection: Connection, text: str) -> None:
    # On the driver: half the price of a statement through SQLAlchemy, on every write.
    try:
        driver_of(connection).execute(text)
    except sqlite3.Error as error:
        raise OperationalError(text, None, error) from error


def _again_while_busy(action: Callable[[], None], patience_seconds: float) -> None:
    """Repeat the action while another process holds the lock; the patience counts the pauses."""
    waited, pause = 0.0, _FIRST_PAUSE_SECONDS
    while True:
        try:
            return action()
        except OperationalError as error:
            busy = isinstance(error.orig, sqlite3.Error) and _primary_code(error.orig) == sqlite3.SQLITE_BUSY
            if not busy or waited >= patience_seconds:
                raise
        time.sleep(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _create_private_file(url: URL) -> None:
    """Create the file readable by its owner alone; SQLite gives its companions the same mode."""
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database must be a file, for its connections to share it")
    # Only ever a file that was not there: closing any descriptor of a file that SQLite has open in this process would
    # drop SQLite's locks on it, and another process could then delete the write-ahead log that we still read.
    with suppress(FileExistsError):
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _writing_engine(url: URL, patience_seconds: float) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool,
        pool_reset_on_return=None,
        # The driver opens no transaction of its own, nor does SQLAlchemy; `timeout` 0: we wait, not SQLite.
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 0},
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        # Turning a new file to write-ahead mode needs it alone, and SQLite does not wait for that.
        _again_while_busy(lambda: _pragma(driver, "journal_mode = WAL"), patience_seconds)
        _pragma(driver, "synchronous = FULL")
        _pragma(driver, "foreign_keys = ON")

    return engine


def _reading_engine(url: URL, patience_seconds: float) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": patience_seconds},
    )

    @event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        _pragma(driver, "query_only = ON")

    return engine


def _pragma(driver: sqlite3.Connection, assignment: str) -> None:
    try:
        driver.execute(f"PRAGMA {assignment}").close()
    except sqlite3.Error as error:
        raise OperationalError(assignment, None, error) from error
