"""Readers of what is recorded: each keeps a position, goes on from it after a stop, and is shared by all nodes."""

from collections.abc import Callable, Sequence
from typing import Final

from authserver.clock import Clock
from authserver.db import event_numbering
from authserver.db.engine import Database
from authserver.db.writes import Row, Writes
from authserver.events import store
from authserver.events.store import LONGEST_TURN_SECONDS, RecordedEvent
from authserver.protocol.handles import new_handle
from authserver.values import Assembly

TURN_SECONDS: Final = 60
"""How long the telling of one batch may take; where a reader's process died in it, another goes on then."""

BATCH: Final = 200
"""How many events are told at once."""

BEHIND_SECONDS: Final = 7 * 24 * 60 * 60
"""A reader that has not read what happened so long ago raises an alarm at each purge."""

_FIRST_DELAY_SECONDS: Final = 5

Tell = Callable[[Sequence[RecordedEvent]], Sequence[Row]]
"""Tells a batch, and returns the rows to be written together with the new position."""


class Reader(Assembly, frozen=True):
    """Who is told what is recorded, under a name of at most 64 characters; of these kinds, or of all for none.

    What `tell` returns is written exactly once. What it does elsewhere is done at least once: again where the process
    dies before the position is written, so whoever receives it knows an event by its `event_id`. What must not be
    waited for is sent by a queue whose rows it returns. It may raise: the batch is told again, later each time.
    """

    name: str
    tell: Tell
    kinds: frozenset[str] = frozenset()
    from_beginning: bool = False


def catch_up(database: Database, reader: Reader, clock: Clock) -> int:
    """Tell a reader the next batch, and return how many events it has passed; 0 where none waits or another tells them.

    A reader that is not known yet begins now, or with the first event that has a number. Raises what `tell` raises.
    """
    while event_numbering.number_committed(database) == event_numbering.BATCH:
        pass
    with database.read() as connection:
        state = store.find_reader(connection, reader.name)
        if state is not None and not store.find_next(connection, state.position, 1):
            return 0  # nothing is written where nothing is new
    if state is None:
        begins = 0 if reader.from_beginning else event_numbering.find_last(database)
        with database.single() as connection:
            store.add_reader(connection, reader.name, begins, clock())
    holder, now = new_handle(), clock()
    with database.single() as connection:
        position = store.claim_reader(connection, reader.name, holder, now, now + TURN_SECONDS)
    if position is None:
        return 0
    return _take_turn(database, reader, clock, (holder, position, state.attempts if state is not None else 0))


def _take_turn(database: Database, reader: Reader, clock: Clock, turn: tuple[str, int, int]) -> int:
    """Tell a batch and move on; where that fails let the reader wait, twice as long each time, an hour at most."""
    holder, position, failed = turn
    try:
        with database.read() as connection:
            batch = store.find_next(connection, position, BATCH)
        wanted = [event for event in batch if not reader.kinds or event.kind in reader.kinds]
        rows = tuple(reader.tell(wanted)) if wanted else ()
        last = batch[-1].position if batch else position
        moved = database.write(Writes(moves=(store.reader_move(reader.name, holder, last, clock()),), rows=rows))
    except Exception as error:
        delay = min(_FIRST_DELAY_SECONDS * 2 ** min(failed, 20), LONGEST_TURN_SECONDS)
        with database.single() as connection:
            why = (failed + 1, type(error).__name__[:64])
            store.put_off_reader(connection, reader.name, holder, clock() + delay, why)
        raise
    return len(batch) if moved else 0
