"""Real databases for tests: an SQLite file or a PostgreSQL database of the worker's own, migrated and empty."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from sqlalchemy import delete

from authserver.db.engine import Database
from authserver.db.migrate import upgrade
from authserver.db.tables import metadata
from tests.support import postgresql_server

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_RUN_DIRECTORY = "AS_TEST_RUN_DIRECTORY"
_OWNER = "AS_TEST_RUN_OWNER"


def begin_run() -> None:
    """Note, in the process that owns the run, where its workers find what they share."""
    # Not below a private TMPDIR: the server's own user must reach it, and a socket's path must be short.
    os.environ[_RUN_DIRECTORY] = tempfile.mkdtemp(prefix="as-tests-", dir="/tmp")
    os.environ[_OWNER] = str(os.getpid())


def end_run() -> None:
    """Remove the run's folder, unless a server lives in it: that one's watcher does."""
    run_directory = Path(os.environ[_RUN_DIRECTORY])
    if not (run_directory / "postgresql").exists():
        shutil.rmtree(run_directory, ignore_errors=True)


def new_postgresql_database(name: str) -> str:
    """Create an empty PostgreSQL database and answer its URL."""
    sockets = postgresql_server.socket_directory(Path(os.environ[_RUN_DIRECTORY]), int(os.environ[_OWNER]))
    with psycopg.connect(
        host=str(sockets), user=postgresql_server.USER, dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"postgresql+psycopg://{postgresql_server.USER}@/{name}?host={quote(str(sockets), safe='')}"


def sqlite_url(path: Path) -> str:
    """Answer the URL of an SQLite file."""
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Bring the database at a URL to the newest schema."""
    with connected(url) as database:
        upgrade(database, MIGRATIONS)


def clear(database: Database) -> None:
    """Delete every row of every table."""
    with database.transaction() as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))


@contextmanager
def connected(url: str, **options: float) -> Iterator[Database]:
    """Connect, and close every connection at the end."""
    threads = int(options.pop("threads", 8))
    database = Database.connect(url, threads=threads, **options)
    try:
        yield database
    finally:
        database.dispose()
