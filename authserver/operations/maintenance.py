"""Keeping the database small, and those who read events from falling behind unseen."""

from authserver.db.purge import purge
from authserver.events import catalogue as kinds
from authserver.events import store
from authserver.events.model import Event
from authserver.events.readers import BEHIND_SECONDS
from authserver.operations.acts import PurgeExpired, RemoveReader
from authserver.operations.context import OperationContext
from authserver.operations.refusals import ReaderNotFound


def purge_expired(task: OperationContext[PurgeExpired]) -> dict[str, int]:
    """Delete what has expired, in a transaction for each batch; return the rows deleted for each table.

    Recorded before the first batch: a purge that is stopped halfway has deleted rows too. Events go a year after they
    happened, read or not: an alarm is raised for each reader that is far behind, as long before as that.
    """
    _raise_alarms(task)
    with task.transaction() as connection:
        task.record(connection, task.event(kinds.DATABASE_PURGED))
    return purge(task.parts.database, task.now, task.act.batch_size, task.parts.report)


def remove_reader(task: OperationContext[RemoveReader]) -> None:
    """Remove a reader of events with its position; raises ReaderNotFound."""
    with task.transaction() as connection:
        if not store.remove_reader(connection, task.act.name):
            raise ReaderNotFound(task.act.name)
        task.record(connection, task.event(kinds.EVENTS_READER_REMOVED, reader=task.act.name))


def _raise_alarms(task: OperationContext[PurgeExpired]) -> None:
    with task.parts.database.read() as connection:
        behind = [(each.name, store.count_unread(connection, each.position)) for each in store.find_readers(connection)]
    for name, (_, oldest) in behind:
        if oldest is not None and task.now - oldest >= BEHIND_SECONDS:
            days = str((task.now - oldest) // 86_400)
            task.parts.journal.tell(Event(kinds.EVENTS_READER_BEHIND, task.now, detail={"reader": name, "days": days}))
