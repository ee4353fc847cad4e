"""The table `activities`."""

from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import Connection, bindparam, or_, select

from authserver.db.at_once import Row
from authserver.db.statement import Statement
from authserver.db.tables import activities

_FIND: Final = Statement(
    select(activities.c.name, activities.c.happened_at, activities.c.client_id, activities.c.detail)
    .where(activities.c.account_id == bindparam("wanted_account"), activities.c.expires_at > bindparam("now"))
    .order_by(activities.c.happened_at.desc(), activities.c.activity_id)
    .limit(bindparam("most"))
    .offset(bindparam("skipped"))
)
_FIND_FROM: Final = Statement(
    select(
        activities.c.activity_id,
        activities.c.name,
        activities.c.happened_at,
        activities.c.client_id,
        activities.c.detail,
    )
    .where(
        activities.c.account_id == bindparam("wanted_account"),
        activities.c.expires_at > bindparam("now"),
        activities.c.happened_at <= bindparam("last_at"),
        or_(activities.c.happened_at < bindparam("last_at"), activities.c.activity_id > bindparam("last_id")),
    )
    .order_by(activities.c.happened_at.desc(), activities.c.activity_id)
    .limit(bindparam("most"))
)
_LATER_THAN_ALL: Final = 2**62


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a person's activities were read: what comes next is earlier, or of the same second."""

    happened_at: int = _LATER_THAN_ALL
    activity_id: str = ""


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One activity as stored."""

    activity_id: str
    account_id: str
    name: str
    happened_at: int
    client_id: str | None
    detail: str
    expires_at: int


_COLUMNS: Final = tuple(field.name for field in fields(ActivityRow))


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened, when, with which app; `detail` is the name of a thing or a method, never a secret."""

    name: str
    happened_at: int
    client_id: str | None
    detail: str


def as_row(activity: ActivityRow) -> Row:
    """Return the row of an activity."""
    return Row(activities, {name: getattr(activity, name) for name in _COLUMNS})


def find_recent(connection: Connection, account_id: str, now: int, most: int, *, skipped: int = 0) -> list[Activity]:
    """Return a person's latest activities, newest first, but for so many that come before them."""
    values = {"wanted_account": account_id, "now": now, "most": most, "skipped": skipped}
    return [Activity(*row) for row in _FIND.rows(connection, values)]


def find_from(
    connection: Connection, account_id: str, now: int, most: int, place: Place
) -> tuple[list[Activity], Place | None]:
    """Return a person's activities that come after a place, newest first, and where to go on; None at their end."""
    values = {"wanted_account": account_id, "now": now, "most": most}
    rows = _FIND_FROM.rows(connection, values | {"last_at": place.happened_at, "last_id": place.activity_id})
    found = [Activity(*row[1:]) for row in rows]
    return found, Place(found[-1].happened_at, str(rows[-1][0])) if len(rows) == most else None
