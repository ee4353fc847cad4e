"""The table `sessions`."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import orjson
import sqlalchemy
from sqlalchemy import ColumnElement, bindparam, insert, literal, select, update

from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.clients import clients
from authserver.db.tables.grants import grants
from authserver.db.tables.outbound import logout_notices
from authserver.db.tables.sessions import sessions
from authserver.db.upsert import insert_for
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
_FIND_SERVED: Final = Statement(
    select(grants.c.client_id)
    .where(grants.c.account_id == bindparam("wanted_account"), grants.c.session_id == bindparam("wanted_session"))
    .distinct()
    .order_by(grants.c.client_id)
    .limit(100)
)
_ONE_BROWSER: Final = sessions.c.session_hash == bindparam("wanted_hash")
_OF_ACCOUNT: Final = sessions.c.account_id == bindparam("wanted_account")
_ONE: Final = _OF_ACCOUNT & (sessions.c.session_id == bindparam("wanted_session"))
_OTHERS: Final = _OF_ACCOUNT & (sessions.c.session_id != bindparam("kept_session"))


def _ends(which: ColumnElement[bool]) -> Statement:
    return Statement(update(sessions).where(which, sessions.c.ended_at.is_(None)).values(ended_at=bindparam("now")))


def _notices(which: ColumnElement[bool], dialect: str) -> Statement:
    """Return what queues a notice for each client that sessions about to end served, and that wants to be told.

    Which clients do, those with a `backchannel_logout_uri`, is for whoever parses their metadata to say.
    """
    now = bindparam("now", type_=sessions.c.created_at.type)
    served = (
        select(
            grants.c.session_id + "." + grants.c.client_id,
            grants.c.session_id,
            grants.c.account_id,
            grants.c.client_id,
            now,
            literal(0, logout_notices.c.attempts.type),
            now,
        )
        .select_from(
            sessions.join(
                grants,
                (grants.c.account_id == sessions.c.account_id) & (grants.c.session_id == sessions.c.session_id),
            ).join(clients, clients.c.client_id == grants.c.client_id)
        )
        .where(
            which,
            sessions.c.ended_at.is_(None),
            clients.c.deleted_at.is_(None),
            clients.c.metadata.contains('"backchannel_logout_uri"', autoescape=True),
        )
        .distinct()
    )
    given = ["notice_id", "session_id", "account_id", "client_id", "happened_at", "attempts", "due_at"]
    return Statement(insert_for(dialect, logout_notices).from_select(given, served).on_conflict_do_nothing())


class _Ending:
    """The one way in which sessions end: the clients that they served are told, and what ends them is done.

    In this order, in one transaction: so nobody is told of a session that goes on, and none ends unheard.
    """

    def __init__(self, which: ColumnElement[bool]) -> None:
        self.silently = _ends(which)
        self._notices = {dialect: _notices(which, dialect) for dialect in DIALECTS}

    def count(self, connection: Connection, values: dict[str, object]) -> int:
        """End them, and return how many there were."""
        self._notices[connection.dialect.name].run(connection, values)
        return self.silently.count(connection, values)


_END: Final = _Ending(_ONE_BROWSER)
_END_ALL: Final = _Ending(_OF_ACCOUNT)
_END_ONE: Final = _Ending(_ONE)
_END_OTHERS: Final = _Ending(_OTHERS)


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
    """End a session: true for exactly one caller.

    Spec: OIDCBCL-2.5
    """
    return _END.count(connection, {"wanted_hash": session_hash, "now": now}) == 1


def replace_cookie(connection: Connection, session_hash: bytes, now: int) -> bool:
    """End the row of a session that goes on in another, under its public id; true for exactly one caller."""
    return _END.silently.count(connection, {"wanted_hash": session_hash, "now": now}) == 1


def end_all(connection: Connection, account_id: str, now: int) -> int:
    """End every session of an account and answer how many."""
    return _END_ALL.count(connection, {"wanted_account": account_id, "now": now})


def end_one(connection: Connection, account_id: str, session_id: str, now: int) -> bool:
    """End a session of an account by its public id; another's is not found."""
    parameters: dict[str, object] = {"wanted_account": account_id, "wanted_session": session_id, "now": now}
    return _END_ONE.count(connection, parameters) > 0


def end_others(connection: Connection, account_id: str, session_id: str, now: int) -> int:
    """End every session of an account but one and answer how many."""
    return _END_OTHERS.count(connection, {"wanted_account": account_id, "kept_session": session_id, "now": now})


def find_served(connection: Connection, session: Session) -> list[str]:
    """Find the ids of the clients that a session served, in their order: those that something was granted in it."""
    values = {"wanted_account": session.account_id, "wanted_session": session.session_id}
    return [row[0] for row in _FIND_SERVED.rows(connection, values)]


def read_session(row: Sequence[Any]) -> Session:
    """Return the session whose COLUMNS these are."""
    factors = tuple(ProvedFactor(method, at) for method, at in orjson.loads(row[2]))
    return Session(row[0], row[1], factors, *row[3:])
