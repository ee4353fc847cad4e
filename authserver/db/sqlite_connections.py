"""SQLite's connections: how one is opened, begins, and waits for another process."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from authserver.db.sqlite_driver import driver_of

_FIRST_PAUSE_SECONDS = 0.0005
_LONGEST_PAUSE_SECONDS = 0.004


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's result code without what extends it."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_read_only(error: DBAPIError) -> bool:
    """Tell whether the file could not be written."""
    return isinstance(error.orig, sqlite3.Error) and primary_code(error.orig) == sqlite3.SQLITE_READONLY


def command(connection: Connection, text: str) -> None:
    """Run a command without values or rows."""
    # On the driver: half the price of a statement through SQLAlchemy, on every write.
    try:
        driver_of(connection).execute(text)
    except sqlite3.Error as error:
        raise OperationalError(text, None, error) from error


def again_while_busy(action: Callable[[], None], patience_seconds: float) -> None:
    """Repeat the action while another process holds the lock; the patience counts the pauses."""
    waited, pause = 0.0, _FIRST_PAUSE_SECONDS
    while True:
        try:
            return action()
        except OperationalError as error:
            busy = isinstance(error.orig, sqlite3.Error) and primary_code(error.orig) == sqlite3.SQLITE_BUSY
            if not busy or waited >= patience_seconds:
                raise
        time.sleep(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def create_private_file(url: URL) -> None:
    """Create the file readable by its owner alone; SQLite gives its companions the same mode."""
    if not url.database or url.database == ":memory:":
        raise ValueError("an SQLite database must be a file, for its connections to share it")
    # Only ever a file that was not there: closing any descriptor of a file that SQLite has open in this process would
    # drop SQLite's locks on it, and another process could then delete the write-ahead log that we still read.
    with suppress(FileExistsError):
        os.close(os.open(url.database, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def writing_engine(url: URL, patience_seconds: float) -> Engine:
    """Return the engine of the one connection that writes."""
    engine = _engine(url, 0)  # we wait, not SQLite

    @event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        # Turning a new file to write-ahead mode needs it alone, and SQLite does not wait for that.
        again_while_busy(lambda: _pragma(driver, "journal_mode = WAL"), patience_seconds)
        _pragma(driver, "synchronous = FULL")
        _pragma(driver, "foreign_keys = ON")

    return engine


def reading_engine(url: URL, patience_seconds: float) -> Engine:
    """Return the engine of the connections that read."""
    engine = _engine(url, patience_seconds)

    @event.listens_for(engine, "connect")
    def prepare(driver: sqlite3.Connection, _record: object) -> None:
        _pragma(driver, "query_only = ON")

    return engine


def _engine(url: URL, timeout_seconds: float) -> Engine:
    return create_engine(
        url.set(drivername="sqlite"),
        poolclass=NullPool,
        pool_reset_on_return=None,
        # The driver opens no transaction of its own, nor does SQLAlchemy.
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": timeout_seconds},
    )


def _pragma(driver: sqlite3.Connection, assignment: str) -> None:
    try:
        driver.execute(f"PRAGMA {assignment}").close()
    except sqlite3.Error as error:
        raise OperationalError(assignment, None, error) from error
