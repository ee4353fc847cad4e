"""The table `events`: added with the act, read by whoever tells of it, purged after a year."""

from collections.abc import Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.events import event_readers, events
from authserver.db.upsert import insert_for
from authserver.db.writes import Move, Row
from authserver.events.catalogue import find_kind
from authserver.events.model import Event, Kind
from authserver.protocol.handles import new_handle
from authserver.values import Value

KEPT_SECONDS: Final = 365 * 24 * 60 * 60
"""For how long an event is kept."""

LONGEST_TURN_SECONDS: Final = 60 * 60
"""No reader holds its turn for longer, nor waits longer after a failure."""

LONGEST_TEXT: Final = 200
"""How many characters of a thing's name, of a reason, and of each detail are kept."""

_FIND: Final = Statement(
    select(events.c.kind, events.c.happened_at, events.c.client_id, events.c.thing)
    .where(events.c.account_id == bindparam("wanted_account"), events.c.expires_at > bindparam("now"))
    .order_by(events.c.happened_at.desc(), events.c.event_id)
    .limit(bindparam("most"))
    .offset(bindparam("skipped"))
)
_FIND_FROM: Final = Statement(
    select(events.c.event_id, events.c.kind, events.c.happened_at, events.c.client_id, events.c.thing)
    .where(
        events.c.account_id == bindparam("wanted_account"),
        events.c.expires_at > bindparam("now"),
        events.c.happened_at <= bindparam("last_at"),
        or_(events.c.happened_at < bindparam("last_at"), events.c.event_id > bindparam("last_id")),
    )
    .order_by(events.c.happened_at.desc(), events.c.event_id)
    .limit(bindparam("most"))
)
_RECORDED: Final = (
    events.c.kind,
    events.c.happened_at,
    events.c.actor_role,
    events.c.actor,
    events.c.account_id,
    events.c.client_id,
    events.c.reason,
    events.c.detail,
    events.c.correlation_id,
)
_LATEST: Final = Statement(
    select(*_RECORDED)
    .order_by(events.c.expires_at.desc(), events.c.event_id)  # all are kept as long: the latest expire last
    .limit(bindparam("most"))
)
_NEXT: Final = Statement(
    select(*_RECORDED, events.c.position, events.c.event_id)
    .where(events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("most"))
)
_UNREAD: Final = Statement(
    select(func.count(), func.min(events.c.happened_at)).where(
        or_(events.c.position > bindparam("after"), events.c.position.is_(None))
    )
)
_STATE: Final = (
    event_readers.c.name,
    event_readers.c.position,
    event_readers.c.started_at,
    event_readers.c.read_at,
    event_readers.c.attempts,
    event_readers.c.error,
)
_FIND_READERS: Final = Statement(select(*_STATE).order_by(event_readers.c.name))
_FIND_READER: Final = Statement(select(*_STATE).where(event_readers.c.name == bindparam("wanted")))
_READER_COLUMNS: Final = ("name", "position", "started_at", "read_at", "holder", "held_until", "attempts", "error")
_ADD_READER: Final = {
    dialect: Statement(
        insert_for(dialect, event_readers).on_conflict_do_nothing(index_elements=["name"]), _READER_COLUMNS
    )
    for dialect in DIALECTS
}
# A turn that ends further off than any lasts was taken by a clock that was wrong.
_CLAIM: Final = Statement(
    update(event_readers)
    .where(
        event_readers.c.name == bindparam("wanted"),
        or_(event_readers.c.held_until <= bindparam("now"), event_readers.c.held_until > bindparam("latest")),
    )
    .values(holder=bindparam("mine"), held_until=bindparam("until"))
    .returning(event_readers.c.position)
)
_MOVE: Final = (
    update(event_readers)
    .where(event_readers.c.name == bindparam("reader_name"), event_readers.c.holder == bindparam("reader_holder"))
    .values(
        position=bindparam("reader_position"),
        read_at=bindparam("read_now"),
        holder="",
        held_until=0,
        attempts=0,
        error="",
    )
)
_PUT_OFF: Final = Statement(
    update(event_readers)
    .where(event_readers.c.name == bindparam("wanted"), event_readers.c.holder == bindparam("mine"))
    .values(holder="", held_until=bindparam("until"), attempts=bindparam("failed"), error=bindparam("why"))
)
_REMOVE_READER: Final = Statement(delete(event_readers).where(event_readers.c.name == bindparam("wanted")))
_LATER_THAN_ALL: Final = 2**62


class PageCursor(Value, frozen=True):
    """Up to where a person's activities were read: what comes next is earlier, or of the same second."""

    happened_at: int = _LATER_THAN_ALL
    event_id: str = ""


class Activity(Value, frozen=True):
    """What happened to a person's account, when, with which app; `thing` is a name or a method, never a secret.

    `kind` is None for a name that is stored and not known any more. `name` is that in a list of activities.
    """

    kind: Kind | None
    name: str
    happened_at: int
    client_id: str | None
    thing: str


class RecordedEvent(Value, frozen=True):
    """An event as its row tells the operator; `detail` is JSON."""

    kind: str
    happened_at: int
    actor_role: str
    actor: str
    account_id: str
    client_id: str | None
    reason: str
    detail: str
    correlation_id: str
    position: int = 0
    event_id: str = ""


class ReaderState(Value, frozen=True):
    """How far a reader has come: its position among the numbers of events, since when it reads, when it last did.

    `attempts` are those that failed since, the last by `error`.
    """

    name: str
    position: int
    started_at: int
    read_at: int
    attempts: int
    error: str


def event_row(event: Event) -> Row:
    """Return the row of an event, to be written with the act that it tells of.

    Spec: ASVS5-16.2.1
    """
    detail = {name: value[:LONGEST_TEXT] for name, value in event.detail.items()}
    values = {
        "event_id": new_handle(),
        "kind": event.kind.name,
        "happened_at": event.at,
        "account_id": event.subject,
        "client_id": event.client or None,
        "actor_role": event.actor.role,
        "actor": event.actor.name[:LONGEST_TEXT],
        "reason": event.reason[:LONGEST_TEXT],
        "thing": event.thing[:LONGEST_TEXT],
        "detail": orjson.dumps(detail).decode(),
        "correlation_id": event.correlation_id,
        "expires_at": event.at + KEPT_SECONDS,
    }
    return Row(events, values)


def find_recent(
    connection: Connection, account_id: str, now: int, most: int, *, skipped: int = 0
) -> Sequence[Activity]:
    """Return what happened last to a person's account, newest first, but for so many that come before them."""
    values = {"wanted_account": account_id, "now": now, "most": most, "skipped": skipped}
    return [_activity(*row) for row in _FIND.rows(connection, values)]


def find_latest(connection: Connection, most: int) -> Sequence[RecordedEvent]:
    """Return the latest events of all, newest first."""
    return [RecordedEvent(*row) for row in _LATEST.rows(connection, {"most": most})]


def find_from(
    connection: Connection, account_id: str, now: int, most: int, place: PageCursor
) -> tuple[list[Activity], PageCursor | None]:
    """Return what happened to a person's account after a place, newest first, and where to go on; None at the end."""
    values = {"wanted_account": account_id, "now": now, "most": most}
    rows = _FIND_FROM.rows(connection, values | {"last_at": place.happened_at, "last_id": place.event_id})
    found = [_activity(*row[1:]) for row in rows]
    return found, PageCursor(found[-1].happened_at, str(rows[-1][0])) if len(rows) == most else None


def _activity(stored: str, happened_at: int, client_id: str | None, thing: str) -> Activity:
    kind = find_kind(stored)
    return Activity(kind, stored if kind is None else kind.activity, happened_at, client_id, thing)


def find_next(connection: Connection, after: int, most: int) -> Sequence[RecordedEvent]:
    """Return the numbered events that come after a position, in the order of their numbers."""
    return [RecordedEvent(*row) for row in _NEXT.rows(connection, {"after": after, "most": most})]


def count_unread(connection: Connection, after: int) -> tuple[int, int | None]:
    """Return how many events come after a position, those without a number included, and when the first happened."""
    ((count, oldest),) = _UNREAD.rows(connection, {"after": after})
    return count, oldest


def find_readers(connection: Connection) -> Sequence[ReaderState]:
    """Return every reader that has a position, by name."""
    return [ReaderState(*row) for row in _FIND_READERS.rows(connection, {})]


def find_reader(connection: Connection, name: str) -> ReaderState | None:
    """Return how far the reader of a name has come, or None where there is none."""
    row = _FIND_READER.row(connection, {"wanted": name})
    return None if row is None else ReaderState(*row)


def add_reader(connection: Connection, name: str, position: int, now: int) -> None:
    """Add a reader at a position; one that is there stays as it is."""
    values = (name, position, now, now, "", 0, 0, "")
    _ADD_READER[connection.dialect.name].run(connection, dict(zip(_READER_COLUMNS, values, strict=True)))


def claim_reader(connection: Connection, name: str, holder: str, now: int, until: int) -> int | None:
    """Take the turn of a reader until then and return its position; None where another has it, or it must wait."""
    values = {"wanted": name, "mine": holder, "now": now, "until": until, "latest": now + LONGEST_TURN_SECONDS}
    row = _CLAIM.row(connection, values)
    return None if row is None else int(row[0])


def reader_move(name: str, holder: str, position: int, now: int) -> Move:
    """Return what moves a reader on and ends its turn; it moves nothing where the turn is another's by now."""
    values = {"reader_name": name, "reader_holder": holder, "reader_position": position, "read_now": now}
    return Move(_MOVE, values)


def put_off_reader(connection: Connection, name: str, holder: str, until: int, failed: tuple[int, str]) -> None:
    """End a turn in which nothing was read; none begins before `until`. `failed` is how often in a row, and by what."""
    attempts, error = failed
    _PUT_OFF.run(connection, {"wanted": name, "mine": holder, "until": until, "failed": attempts, "why": error})


def remove_reader(connection: Connection, name: str) -> bool:
    """Remove a reader with its position; false where there is none."""
    return _REMOVE_READER.count(connection, {"wanted": name}) == 1
