"""Statements on SQLite's driver."""

import sqlite3
from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from authserver.db.compiled import Compiled, Outcome


def run(connection: Connection, compiled: Compiled, values: Mapping[str, object]) -> Outcome:
    """Run a compiled statement; raises SQLAlchemy's error for the driver's, without the values."""
    try:
        cursor = driver_of(connection).execute(compiled.sql, compiled.arrange(values))
        return Outcome(cursor.fetchall(), cursor.rowcount)
    except sqlite3.Error as error:
        raise wrap(error) from error


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's connection."""
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("the connection is not SQLite's")
    return driver


def wrap(error: sqlite3.Error) -> BaseException:
    """Return the error that SQLAlchemy makes of the driver's."""
    return DBAPIError.instance(None, None, error, sqlite3.Error, hide_parameters=True)
