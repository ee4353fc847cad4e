"""The table `sessions`."""

from typing import Final, TypeAlias

import orjson
import sqlalchemy
from sqlalchemy import bindparam, insert, select, update

from authserver.db.tables import sessions
from authserver.sessions.model import Factor, Session

Connection: TypeAlias = sqlalchemy.Connection
"""What the functions here take, named so that the rules beside this module need no SQL library."""

_FIND: Final = select(
    sessions.c.session_id,
    sessions.c.account_id,
    sessions.c.factors,
    sessions.c.created_at,
    sessions.c.authenticated_at,
    sessions.c.last_seen_at,
    sessions.c.expires_at,
).where(sessions.c.session_hash == bindparam("wanted_hash"), sessions.c.ended_at.is_(None))
_SAVE: Final = insert(sessions).values(
    session_hash=bindparam("session_hash"),
    session_id=bindparam("session_id"),
    account_id=bindparam("account_id"),
    factors=bindparam("factors"),
    created_at=bindparam("created_at"),
    authenticated_at=bindparam("authenticated_at"),
    last_seen_at=bindparam("last_seen_at"),
    expires_at=bindparam("expires_at"),
)
_TOUCH: Final = (
    update(sessions)
    .where(
        sessions.c.session_hash == bindparam("wanted_hash"),
        sessions.c.ended_at.is_(None),
        sessions.c.last_seen_at < bindparam("now"),
    )
    .values(last_seen_at=bindparam("now"))
)
_END: Final = (
    update(sessions)
    .where(sessions.c.session_hash == bindparam("wanted_hash"), sessions.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
_END_ALL: Final = (
    update(sessions)
    .where(sessions.c.account_id == bindparam("wanted_account"), sessions.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)


def find(connection: Connection, session_hash: bytes) -> Session | None:
    """Find a session that was not ended, whatever its age."""
    row = connection.execute(_FIND, {"wanted_hash": session_hash}).one_or_none()
    if row is None:
        return None
    factors = tuple(Factor(method, at) for method, at in orjson.loads(row[2]))
    return Session(row[0], row[1], factors, *row[3:])


def save(connection: Connection, session_hash: bytes, session: Session) -> None:
    """Store a session under the hash of its cookie's value."""
    row = {
        "session_hash": session_hash,
        "session_id": session.session_id,
        "account_id": session.account_id,
        "factors": orjson.dumps([(factor.method, factor.at) for factor in session.factors]).decode(),
        "created_at": session.created_at,
        "authenticated_at": session.authenticated_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
    }
    connection.execute(_SAVE, row)


def touch(connection: Connection, session_hash: bytes, now: int) -> None:
    """Note that a session is in use; an ended one stays ended and time never goes back."""
    connection.execute(_TOUCH, {"wanted_hash": session_hash, "now": now})


def end(connection: Connection, session_hash: bytes, now: int) -> bool:
    """End a session: true for exactly one caller."""
    return connection.execute(_END, {"wanted_hash": session_hash, "now": now}).rowcount == 1


def end_all(connection: Connection, account_id: str, now: int) -> int:
    """End every session of an account and answer how many."""
    return connection.execute(_END_ALL, {"wanted_account": account_id, "now": now}).rowcount
