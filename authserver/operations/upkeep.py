"""Keeping the database small."""

from authserver.db.purge import purge
from authserver.events import catalogue as kinds
from authserver.operations.acts import PurgeExpired
from authserver.operations.task import Task


def purge_expired(task: Task[PurgeExpired]) -> dict[str, int]:
    """Delete what has expired, in a transaction for each batch; return the rows deleted for each table.

    Recorded before the first batch: a purge that is stopped halfway has deleted rows too.
    """
    with task.transaction() as connection:
        task.record(connection, task.event(kinds.DATABASE_PURGED))
    return purge(task.parts.database, task.now, task.act.batch_size, task.parts.report)
