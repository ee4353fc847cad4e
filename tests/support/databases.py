"""Real databases for tests: an SQLite file or a PostgreSQL database of the worker's own, migrated and empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from sqlalchemy import delete

from authserver.db.engine import Database
from authserver.db.migrate import upgrade
from authserver.db.tables.schema import metadata
from tests.support import postgresql_server
from tests.support.run_directory import run_directory, run_owner

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def new_postgresql_database(name: str) -> str:
    """Create an empty PostgreSQL database and answer its URL."""
    sockets = postgresql_server.socket_directory(run_directory(), run_owner())
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
