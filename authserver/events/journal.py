"""What acts tell: an event is recorded with its act or not at all, and told once that is durable."""

from collections.abc import Callable, Sequence
from functools import partial

from authserver.db.engine import Connection, Database, after_commit
from authserver.db.writes import Writes, add_row
from authserver.events.model import Event, EventSink
from authserver.events.store import event_row
from authserver.values import Assembly, replace

Post = Callable[[Connection, Event], None]
"""Queues the letter of an event, in the transaction of its act."""


class Journal(Assembly, frozen=True):
    """Records and tells events; `log` writes lines for the operator, `post` queues letters, where there are any."""

    log: EventSink
    post: Post | None = None

    def record(self, connection: Connection, event: Event) -> None:
        """Record an event in the transaction of its act, queue its letter, and tell of it when that has committed.

        Raises TypeError for a kind that is not recorded.
        """
        if not event.kind.is_recorded:
            raise TypeError(f"{event.kind.name} is not recorded")
        add_row(connection, event_row(event))
        if self.post is not None and event.kind.letter is not None and not event.is_quiet:
            self.post(connection, event)
        after_commit(connection, partial(self.log, event))

    def write(self, database: Database, writes: Writes, events: Sequence[Event]) -> bool:
        """Write what a request writes with the events of it, and tell of them; false where it was not written.

        The answer and what is raised are those of `Database.write`. Raises TypeError for a kind that has a letter.
        """
        if any(event.kind.letter is not None for event in events):
            raise TypeError("an event with a letter is recorded in a transaction")
        recorded = tuple(event_row(event) for event in events if event.kind.is_recorded)
        if not database.write(replace(writes, rows=(*writes.rows, *recorded))):
            return False
        for event in events:
            self.log(event)
        return True

    def tell(self, event: Event) -> None:
        """Tell of something that changed nothing, or whose record is what was made. Raises TypeError for another."""
        if event.kind.is_recorded:
            raise TypeError(f"{event.kind.name} is recorded with its act")
        self.log(event)
