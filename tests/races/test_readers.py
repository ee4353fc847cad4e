"""Readers of events: none misses a row that commits late, and none is told twice what is written with its position."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from authserver.db.engine import Database
from authserver.db.event_numbering import number_committed
from authserver.db.purge import purge
from authserver.db.tables.events import events
from authserver.db.tables.outbound import letters
from authserver.db.writes import Row, add_row
from authserver.events import catalogue as kinds
from authserver.events import store
from authserver.events.model import Event
from authserver.events.readers import TURN_SECONDS, Reader, catch_up
from authserver.events.store import KEPT_SECONDS, RecordedEvent, event_row
from tests.support.databases import clear, connected
from tests.support.races import at_once

NOW = 1_800_000_000


def _clock() -> int:
    return NOW


class Told:
    """What a reader was told, in order, and what it is to fail with next."""

    def __init__(self, *faults: Exception) -> None:
        self.events: list[RecordedEvent] = []
        self._faults = list(faults)

    def __call__(self, batch: Sequence[RecordedEvent]) -> Sequence[Row]:
        if self._faults:
            raise self._faults.pop(0)
        self.events += batch
        return ()

    @property
    def subjects(self) -> list[str]:
        """Return the accounts that the events are about."""
        return [event.account_id for event in self.events]


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    """An empty database of PostgreSQL, whose transactions do not run one after another."""
    with connected(postgresql_url) as database:
        clear(database)
        yield database


def _reader(told: Told, *, from_beginning: bool = False) -> Reader:
    return Reader("audit", told, from_beginning=from_beginning)


def _happens(database: Database, subject: str, at: int = NOW, fault: Exception | None = None) -> None:
    with database.transaction() as connection:
        add_row(connection, event_row(Event(kinds.SIGN_OUT_DONE, at, subject=subject)))
        if fault is not None:
            raise fault


def _read_all(database: Database, reader: Reader, now: int = NOW) -> int:
    total = 0
    while passed := catch_up(database, reader, lambda: now):
        total += passed
    return total


def _letter_of(batch: Sequence[RecordedEvent]) -> Sequence[Row]:
    """Return rows whose keys are those of the events: one that is told twice cannot be written."""
    columns = ("account_id", "name", "detail", "language")
    rest = {"happened_at": NOW, "times": 1, "attempts": 0, "due_at": NOW}
    return [Row(letters, {"letter_id": event.event_id, **dict.fromkeys(columns, "x"), **rest}) for event in batch]


def _letters(database: Database) -> list[str]:
    with database.read() as connection:
        return [str(row[0]) for row in connection.execute(select(letters.c.letter_id))]


def test_a_reader_goes_on_after_a_stop_where_it_was(database: Database) -> None:
    _happens(database, "one")
    first = Told()
    _read_all(database, _reader(first, from_beginning=True))
    _happens(database, "two")
    _happens(database, "three", NOW + 1)
    after = Told()
    _read_all(database, _reader(after))
    assert (first.subjects, after.subjects) == (["one"], ["two", "three"])


def test_a_new_reader_begins_now_or_with_the_first(database: Database) -> None:
    _happens(database, "before")
    told = Told()
    assert _read_all(database, _reader(told)) == 0
    _happens(database, "after")
    _read_all(database, _reader(told))
    assert told.subjects == ["after"]
    everything = Told()
    _read_all(database, Reader("everything", everything, from_beginning=True))
    assert everything.subjects == ["before", "after"]


def test_a_row_that_commits_late_is_not_missed(postgresql: Database) -> None:
    told = Told()
    reader = _reader(told, from_beginning=True)
    is_written, may_commit = threading.Event(), threading.Event()

    def commit_late() -> None:
        with postgresql.transaction() as connection:
            add_row(connection, event_row(Event(kinds.SIGN_OUT_DONE, NOW - 60, subject="late")))
            is_written.set()
            assert may_commit.wait(5)

    slow = threading.Thread(target=commit_late)
    slow.start()
    assert is_written.wait(5)
    _happens(postgresql, "early")
    _read_all(postgresql, reader)
    assert told.subjects == ["early"]
    may_commit.set()
    slow.join()
    _read_all(postgresql, reader)
    assert told.subjects == ["early", "late"]


def test_many_workers_of_two_nodes_tell_each_event_once(database: Database, database_url: str) -> None:
    with connected(database_url) as other:
        reader = Reader("letters", _letter_of, from_beginning=True)
        nodes = (database, other)

        def write(place: int) -> None:
            for number in range(20):
                _happens(nodes[place % 2], f"person-{place}-{number}")

        def read(place: int) -> None:
            for _ in range(30):
                catch_up(nodes[place % 2], reader, _clock)

        at_once([partial(act, place) for place in range(3) for act in (write, read)])
        _read_all(database, reader)
    with database.read() as connection:
        happened = [(str(row[0]), row[1]) for row in connection.execute(select(events.c.event_id, events.c.position))]
    assert len(happened) == 60
    assert Counter(_letters(database)) == Counter(event_id for event_id, _ in happened)
    assert len({position for _, position in happened}) == 60


def test_a_worker_that_died_in_its_turn_holds_nobody_up_for_long(database: Database) -> None:
    _happens(database, "one")
    told = Told()
    reader = _reader(told, from_beginning=True)

    def die(_batch: Sequence[RecordedEvent]) -> Sequence[Row]:
        raise KeyboardInterrupt  # nothing of ours runs after it, as where the process is killed

    with pytest.raises(KeyboardInterrupt):
        catch_up(database, Reader("audit", die, from_beginning=True), _clock)
    assert _read_all(database, reader, NOW + TURN_SECONDS - 1) == 0
    assert _read_all(database, reader, NOW + TURN_SECONDS) == 1
    assert told.subjects == ["one"]


def test_a_turn_that_was_taken_over_writes_nothing(database: Database) -> None:
    _happens(database, "one")

    def too_slow(batch: Sequence[RecordedEvent]) -> Sequence[Row]:
        assert _read_all(database, Reader("letters", _letter_of), NOW + TURN_SECONDS) == 1
        return _letter_of(batch)

    assert catch_up(database, Reader("letters", too_slow, from_beginning=True), _clock) == 0
    assert len(_letters(database)) == 1


def test_a_turn_of_a_clock_that_was_far_ahead_ends(database: Database) -> None:
    _happens(database, "one")
    told = Told()
    reader = _reader(told, from_beginning=True)
    with database.transaction() as connection:
        store.add_reader(connection, "audit", 0, NOW)
        assert store.claim_reader(connection, "audit", "dead", NOW + 10**6, NOW + 10**6 + TURN_SECONDS) == 0
    assert _read_all(database, reader) == 1


def test_what_fails_is_told_again_later_and_stops_no_other(database: Database) -> None:
    _happens(database, "one")
    told, other = Told(OSError("full"), OSError("full")), Told()
    reader = _reader(told, from_beginning=True)
    with pytest.raises(OSError, match="full"):
        catch_up(database, reader, _clock)
    assert _read_all(database, Reader("other", other, from_beginning=True)) == 1
    assert _read_all(database, reader, NOW + 4) == 0
    with pytest.raises(OSError, match="full"):
        catch_up(database, reader, lambda: NOW + 5)
    with database.read() as connection:
        state = store.find_reader(connection, "audit")
    assert state is not None
    assert (state.position, state.attempts, state.error) == (0, 2, "OSError")
    assert _read_all(database, reader, NOW + 14) == 0
    assert _read_all(database, reader, NOW + 15) == 1
    assert (told.subjects, other.subjects) == (["one"], ["one"])


def test_a_reader_is_told_of_the_kinds_that_it_wants(database: Database) -> None:
    told = Told()
    reader = Reader("few", told, frozenset({kinds.SIGN_IN_SUCCEEDED.name}), from_beginning=True)
    _happens(database, "one")
    assert _read_all(database, reader) == 1
    assert told.events == []


def test_no_number_is_given_twice_whatever_was_purged(database: Database) -> None:
    told = Told()
    reader = _reader(told, from_beginning=True)
    _happens(database, "one")
    _read_all(database, reader)
    purge(database, NOW + KEPT_SECONDS + 1)
    _happens(database, "two", NOW + KEPT_SECONDS)
    _read_all(database, reader)
    assert told.subjects == ["one", "two"]


def test_what_nobody_has_read_is_purged_a_year_after_all_the_same(database: Database) -> None:
    told = Told()
    reader = _reader(told, from_beginning=True)
    _read_all(database, reader)
    _happens(database, "one")
    purge(database, NOW + KEPT_SECONDS - 1)
    with database.read() as connection:
        assert store.count_unread(connection, 0) == (1, NOW)
    purge(database, NOW + KEPT_SECONDS + 1)
    assert _read_all(database, reader) == 0
    assert told.events == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["happens", "backwards", "undone", "number", "erase", "read"]), max_size=30))
def test_a_reader_is_told_once_of_all_that_stays(sqlite_database: Database, steps: list[str]) -> None:
    clear(sqlite_database)
    told = Told()
    reader = _reader(told, from_beginning=True)
    expected: set[str] = set()
    for place, step in enumerate(steps):
        subject = f"person-{place}"
        if step in {"happens", "backwards"}:
            _happens(sqlite_database, subject, NOW + (place if step == "happens" else -place))
            expected.add(subject)
        elif step == "undone":
            with suppress(ArithmeticError):
                _happens(sqlite_database, subject, fault=ArithmeticError())
        elif step == "number":
            number_committed(sqlite_database, most=2)
        elif step == "erase":  # as the deletion of an account does: the row with the highest number may be among them
            with sqlite_database.transaction() as connection:
                connection.execute(delete(events))
            expected &= set(told.subjects)
        else:
            _read_all(sqlite_database, reader)
    _read_all(sqlite_database, reader)
    assert Counter(told.subjects) == Counter(expected)
    positions = [event.position for event in told.events]
    assert positions == sorted(set(positions))
