"""The table `sessions`."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import orjson
import sqlalchemy
from sqlalchemy import bindparam, insert, select, update

from authserver.db.statement import Statement
from authserver.db.tables.sessions import sessions
from authserver.sessions.model import ProvedFactor, Session

Connection: TypeAlias = sqlalchemy.Connection
"""What the functions here take, named so that the rules beside this module need no SQL library."""

COLUMNS: Final = (
    sessions.c.session_id,
    sessions.c.account_id,
    sessions.c.factors,
    sessions.c.created_at,
    sessions.c.authenticated_at,
    sessions.c.last_seen_at,
    sessions.c.expires_at,
    sessions.c.browser,
)
"""The columns from which `read_session` makes a session, for joins by the packages above."""

_FIND: Final = Statement(
    select(*COLUMNS).where(sessions.c.session_hash == bindparam("wanted_hash"), sessions.c.ended_at.is_(None))
)
_FIND_ALL: Final = Statement(
    select(*COLUMNS)
    .where(
        sessions.c.account_id == bindparam("wanted_account"),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
    )
    .order_by(sessions.c.last_seen_at.desc(), sessions.c.session_id)
)
_SAVE: Final = Statement(
    insert(sessions).values(
        session_hash=bindparam("session_hash"),
        session_id=bindparam("session_id"),
        account_id=bindparam("account_id"),
        factors=bindparam("factors"),
        created_at=bindparam("created_at"),
        authenticated_at=bindparam("authenticated_at"),
        last_seen_at=bindparam("last_seen_at"),
        expires_at=bindparam("expires_at"),
        browser=bindparam("browser"),
    )
)
_TOUCH: Final = Statement(
    update(sessions)
    .where(
        sessions.c.session_hash == bindparam("wanted_hash"),
        sessions.c.ended_at.is_(None),
        sessions.c.last_seen_at < bindparam("now"),
    )
    .values(last_seen_at=bindparam("now"))
)
_END: Final = Statement(
    update(sessions)
    .where(sessions.c.session_hash == bindparam("wanted_hash"), sessions.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
_END_ALL: Final = (
    update(sessions)
    .where(sessions.c.account_id == bindparam("wanted_account"), sessions.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
_END_ONE: Final = _END_ALL.where(sessions.c.session_id == bindparam("wanted_session"))
_END_OTHERS: Final = _END_ALL.where(sessions.c.session_id != bindparam("kept_session"))


def find(connection: Connection, session_hash: bytes) -> Session | None:
    """Find a session that was not ended, whatever its age."""
    row = _FIND.row(connection, {"wanted_hash": session_hash})
    return read_session(row) if row is not None else None


def find_all(connection: Connection, account_id: str, now: int) -> list[Session]:
    """Find an account's sessions that were not ended, latest first; some may have idled out."""
    return [read_session(row) for row in _FIND_ALL.rows(connection, {"wanted_account": account_id, "now": now})]


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
        "browser": session.browser,
    }
    _SAVE.run(connection, row)


def touch(connection: Connection, session_hash: bytes, now: int) -> None:
    """Note that a session is in use; an ended one stays ended and time never goes back."""
    _TOUCH.run(connection, {"wanted_hash": session_hash, "now": now})


def end(connection: Connection, session_hash: bytes, now: int) -> bool:
    """End a session: true for exactly one caller."""
    return _END.count(connection, {"wanted_hash": session_hash, "now": now}) == 1


def end_all(connection: Connection, account_id: str, now: int) -> int:
    """End every session of an account and answer how many."""
    return connection.execute(_END_ALL, {"wanted_account": account_id, "now": now}).rowcount


def end_one(connection: Connection, account_id: str, session_id: str, now: int) -> bool:
    """End a session of an account by its public id; another's is not found."""
    parameters = {"wanted_account": account_id, "wanted_session": session_id, "now": now}
    return connection.execute(_END_ONE, parameters).rowcount > 0


def end_others(connection: Connection, account_id: str, session_id: str, now: int) -> int:
    """End every session of an account but one and answer how many."""
    parameters = {"wanted_account": account_id, "kept_session": session_id, "now": now}
    return connection.execute(_END_OTHERS, parameters).rowcount


def read_session(row: Sequence[Any]) -> Session:
    """Return the session whose COLUMNS these are."""
    factors = tuple(ProvedFactor(method, at) for method, at in orjson.loads(row[2]))
    return Session(row[0], row[1], factors, *row[3:])
