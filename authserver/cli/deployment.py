"""The deployment that the settings name, opened for a command."""

from time import monotonic, sleep

import click

from authserver.app.parts import open_envelope
from authserver.cli.output import fail, note, read_settings
from authserver.db.engine import Database
from authserver.db.revision import is_current
from authserver.sealing.envelope import Envelope
from authserver.settings.load import SettingsError
from authserver.settings.model import Settings

_STATEMENT_SECONDS = 30.0  # a command may count ten million rows
_SECONDS_BETWEEN_WORDS = 10.0


def connect_database(settings: Settings, *, wait_seconds: int = 0) -> Database:
    """Return the database, whatever its schema, or end the command where it cannot be reached within `wait_seconds`.

    It is closed when the command ends.
    """
    try:
        database = Database.connect(settings.database, patience_seconds=_STATEMENT_SECONDS)
    except ValueError as error:
        fail(f"DATABASE_URL: {error}")
    except OSError as error:
        fail(f"the database cannot be opened: {error.strerror}: {error.filename}; is there one? See: authserver init")
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(database.dispose)
    trouble = _await_answer(database, wait_seconds)
    if trouble is not None:
        fail(f"the database does not answer; see DATABASE_URL and DATA_DIR: {trouble}")
    return database


def _await_answer(database: Database, wait_seconds: int) -> str | None:
    """Return None once the database answers, or why it does not when the time is over; say that it is waited for."""
    deadline = monotonic() + wait_seconds
    said_at = float("-inf")
    while (trouble := database.find_trouble()) is not None:
        left_seconds = deadline - monotonic()
        if left_seconds <= 0:
            return trouble
        if monotonic() >= said_at + _SECONDS_BETWEEN_WORDS:
            said_at = monotonic()
            note(
                f"The database does not answer yet; waiting for it, {int(left_seconds)} seconds more at most: {trouble}"
            )
        sleep(min(1.0, left_seconds))
    return None


def open_database(settings: Settings, *, wait_seconds: int = 0) -> Database:
    """Return the database, or end the command where it cannot be reached or its schema is not current."""
    database = connect_database(settings, wait_seconds=wait_seconds)
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
