"""Migrations: brings a database to the newest schema, and tells how far it is from it.

Alembic does the work; only the command line imports this, so that the server starts without it.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from authserver.db.engine import Database
from authserver.db.tables.schema import metadata

_UPGRADE_LOCK = 0x61757468  # any fixed number: it only must be the same for every node
_LONGEST_UPGRADE_SECONDS = 24 * 3600.0


def upgrade(database: Database, script_location: Path) -> None:
    """Run the migrations that the database lacks, all or none; repeating it changes nothing.

    Nodes that start together take turns: SQLite's write lock or a PostgreSQL advisory lock holds the later ones until
    the first is done.
    """
    with database.transaction(patience_seconds=_LONGEST_UPGRADE_SECONDS) as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
        command.upgrade(_config(script_location, connection), "head")


def current(database: Database) -> str | None:
    """Name the revision the database is at; None for an empty one."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head(script_location: Path) -> str | None:
    """Name the newest revision."""
    return ScriptDirectory.from_config(_config(script_location)).get_current_head()


def drift(database: Database) -> list[str]:
    """Describe each difference between the database and `db.tables`, one line each; empty if there is none."""
    with database.read() as connection:
        return [repr(change) for change in compare_metadata(MigrationContext.configure(connection), metadata)]


def draft(database: Database, script_location: Path, message: str) -> None:
    """Write a new migration file with what `db.tables` has beyond the database; to be read and mended by hand."""
    with database.transaction() as connection:
        command.revision(_config(script_location, connection), message, autogenerate=True)


def _config(script_location: Path, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(script_location).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
