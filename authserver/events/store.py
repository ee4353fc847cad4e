"""The table `events`: added with the act, read by whoever tells of it, purged after a year."""

from collections.abc import Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, bindparam, or_, select

from authserver.db.at_once import Row
from authserver.db.statement import Statement
from authserver.db.tables import events
from authserver.events.catalogue import find_kind
from authserver.events.model import Event, Kind
from authserver.protocol.handles import new_handle
from authserver.values import Value

KEPT_SECONDS: Final = 365 * 24 * 60 * 60
"""For how long an event is kept."""

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
_LATEST: Final = Statement(
    select(
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
    .order_by(events.c.expires_at.desc(), events.c.event_id)  # all are kept as long: the latest expire last
    .limit(bindparam("most"))
)
_LATER_THAN_ALL: Final = 2**62


class Place(Value, frozen=True):
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


class Recorded(Value, frozen=True):
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


def find_latest(connection: Connection, most: int) -> Sequence[Recorded]:
    """Return the latest events of all, newest first."""
    return [Recorded(*row) for row in _LATEST.rows(connection, {"most": most})]


def find_from(
    connection: Connection, account_id: str, now: int, most: int, place: Place
) -> tuple[list[Activity], Place | None]:
    """Return what happened to a person's account after a place, newest first, and where to go on; None at the end."""
    values = {"wanted_account": account_id, "now": now, "most": most}
    rows = _FIND_FROM.rows(connection, values | {"last_at": place.happened_at, "last_id": place.event_id})
    found = [_activity(*row[1:]) for row in rows]
    return found, Place(found[-1].happened_at, str(rows[-1][0])) if len(rows) == most else None


def _activity(stored: str, happened_at: int, client_id: str | None, thing: str) -> Activity:
    kind = find_kind(stored)
    return Activity(kind, stored if kind is None else kind.activity, happened_at, client_id, thing)
