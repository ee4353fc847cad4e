"""The deployment that the settings name, opened for a command."""

import click

from authserver.app.parts import open_envelope
from authserver.cli.output import fail, read_settings
from authserver.db.engine import Database
from authserver.db.revision import is_current
from authserver.keys.envelope import Envelope
from authserver.settings.load import SettingsError
from authserver.settings.model import Settings


def connect_database(settings: Settings) -> Database:
    """Return the database, whatever its schema, or end the command where it cannot be reached.

    It is closed when the command ends.
    """
    try:
        database = Database.connect(settings.database)
    except ValueError as error:
        fail(f"DATABASE_URL: {error}")
    except OSError as error:
        fail(f"the database cannot be opened: {error.strerror}: {error.filename}; is there one? See: authserver init")
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(database.dispose)
    if not database.ping():
        fail("the database does not answer; see DATABASE_URL and DATA_DIR")
    return database


def open_database(settings: Settings) -> Database:
    """Return the database, or end the command where it cannot be reached or its schema is not current."""
    database = connect_database(settings)
    if not is_current(database):
        fail("the database lacks migrations; run: authserver db upgrade")
    return database


def open_deployment() -> tuple[Settings, Database]:
    """Return the settings and the database they name, or end the command."""
    settings = read_settings()
    return settings, open_database(settings)


def require_envelope(settings: Settings) -> Envelope:
    """Return the envelope under the master key, or end the command."""
    try:
        return open_envelope(settings)
    except SettingsError as error:
        fail(str(error))
