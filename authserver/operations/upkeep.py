"""Keeping the database small."""

from authserver.db.purge import purge
from authserver.events import catalogue as kinds
from authserver.operations.acts import PurgeExpired
from authserver.operations.task import Task


def purge_expired(task: Task[PurgeExpired]) -> dict[str, int]:
    """Delete what has expired, in a transaction for each batch; return the rows deleted for each table."""
    database = task.parts.database
    deleted = purge(database, task.now, task.act.batch_size, task.parts.report)
    total = sum(deleted.values())
    if total:
        with task.transaction() as connection:
            task.record(connection, task.event(kinds.DATABASE_PURGED, rows=str(total)))
    return deleted
