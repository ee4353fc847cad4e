"""Pushed requests and interactions: stored whole, found by hash, completed once."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from authserver.accounts.model import Account, Enrolled
from authserver.accounts.store import factors, people
from authserver.authorization.model import AuthorizationRequest, Interaction, dump_request, load_request
from authserver.db.at_once import Move, Row
from authserver.db.statement import Statement
from authserver.db.tables import accounts, approvals, interactions, pushed_requests, sessions
from authserver.protocol.handles import hash_handle
from authserver.protocol.names import REQUEST_URI_PREFIX
from authserver.sessions import store as session_store
from authserver.sessions.lifecycle import is_live
from authserver.sessions.model import Session, SessionLimits


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """A pushed request as stored."""

    request_uri_hash: bytes
    client_id: str
    request: AuthorizationRequest
    expires_at: int
    spent_at: int | None


@dataclass(frozen=True, slots=True)
class BrowserCookies:
    """What a browser showed of itself: the cookie it is known by, and that of its session; empty where it has none."""

    browser: str
    session: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser's return to its interaction: who is signed in there, if anyone, and what they can prove themselves by.

    `session` and `account` are both there or both None; a locked account counts as nobody.
    """

    interaction: Interaction
    session: Session | None
    account: Account | None
    enrolled: Enrolled


_FIND_PUSHED = Statement(
    select(
        pushed_requests.c.request_uri_hash,
        pushed_requests.c.client_id,
        pushed_requests.c.request,
        pushed_requests.c.expires_at,
        pushed_requests.c.spent_at,
    ).where(pushed_requests.c.request_uri_hash == bindparam("hash"))
)
_SPEND_PUSHED = (
    update(pushed_requests)
    .where(pushed_requests.c.request_uri_hash == bindparam("request_uri_hash"), pushed_requests.c.spent_at.is_(None))
    .values(spent_at=bindparam("spent_at_after"))
)
_INTERACTION_COLUMNS = (
    interactions.c.interaction_hash,
    interactions.c.request_uri_hash,
    interactions.c.client_id,
    interactions.c.request,
    interactions.c.opened_with_session,
    interactions.c.created_at,
    interactions.c.expires_at,
    interactions.c.consent_id,
    interactions.c.refused_with,
    interactions.c.completed_at,
    interactions.c.approval_id,
    select(approvals.c.account_id).where(approvals.c.approval_id == interactions.c.approval_id).scalar_subquery(),
)
_FIND_VISIT = Statement(
    select(*_INTERACTION_COLUMNS, *session_store.COLUMNS, *people.COLUMNS, *factors.COLUMNS)
    .select_from(
        interactions.outerjoin(
            sessions, (sessions.c.session_hash == bindparam("session_hash")) & sessions.c.ended_at.is_(None)
        ).outerjoin(accounts, accounts.c.account_id == sessions.c.account_id)
    )
    .where(
        interactions.c.interaction_hash == bindparam("hash"),
        interactions.c.browser_hash == bindparam("browser_hash"),
        interactions.c.expires_at > bindparam("now"),
    )
)
_SESSION_AT = len(_INTERACTION_COLUMNS)
_ACCOUNT_AT = _SESSION_AT + len(session_store.COLUMNS)
_ENROLLED_AT = _ACCOUNT_AT + len(people.COLUMNS)
_UNFINISHED = update(interactions).where(
    interactions.c.interaction_hash == bindparam("hash"), interactions.c.completed_at.is_(None)
)
_SET_CONSENT = _UNFINISHED.values(consent_id=bindparam("value"))
_SET_REFUSED = Statement(_UNFINISHED.values(refused_with=bindparam("value")))
_SET_APPROVAL = Statement(
    _UNFINISHED.where(interactions.c.refused_with.is_(None), interactions.c.approval_id.is_(None)).values(
        approval_id=bindparam("value")
    )
)
_COMPLETE = _UNFINISHED.values(completed_at=bindparam("value"))


def pushed_row(request: AuthorizationRequest, request_uri: str, *, now: int, lifetime: int) -> Row:
    """Return the row of a request under its reference, good for `lifetime` seconds.

    Spec: RFC9126-2.2
    """
    return Row(
        pushed_requests,
        {
            "request_uri_hash": hash_handle(request_uri),
            "client_id": request.client_id,
            "request": dump_request(request),
            "created_at": now,
            "expires_at": now + lifetime,
            "spent_at": None,
        },
    )


def find_pushed(connection: Connection, request_uri: str) -> PushedRequest | None:
    """Return the request of a reference, spent and expired ones too, or None."""
    if not request_uri.startswith(REQUEST_URI_PREFIX):
        return None
    row = _FIND_PUSHED.row(connection, {"hash": hash_handle(request_uri)})
    if row is None:
        return None
    request_uri_hash, client_id, request, expires_at, spent_at = row
    return PushedRequest(request_uri_hash, client_id, load_request(request), expires_at, spent_at)


def interaction_row(
    pushed: PushedRequest, interaction: str, browser: str, session_cookie: str, times: tuple[int, int]
) -> Row:
    """Return the row of a new interaction for this browser; `times` are the present moment and the end."""
    now, expires_at = times
    return Row(
        interactions,
        {
            "interaction_hash": hash_handle(interaction),
            "browser_hash": hash_handle(browser),
            "request_uri_hash": pushed.request_uri_hash,
            "client_id": pushed.client_id,
            "request": dump_request(pushed.request),
            "opened_with_session": hash_handle(session_cookie) if session_cookie else None,
            "created_at": now,
            "expires_at": expires_at,
            "consent_id": None,
            "refused_with": None,
            "completed_at": None,
        },
    )


def find_visit(
    connection: Connection, cookies: BrowserCookies, interaction: str, limits: SessionLimits, now: int
) -> Visit | None:
    """Return the unexpired interaction of that id if it is this browser's, with who is signed in; or None."""
    values = {
        "hash": hash_handle(interaction),
        "browser_hash": hash_handle(cookies.browser),
        "session_hash": hash_handle(cookies.session),
        "now": now,
    }
    row = _FIND_VISIT.row(connection, values)
    if row is None:
        return None
    found = _interaction(row[:_SESSION_AT])
    nobody = Visit(found, None, None, Enrolled())
    if row[_SESSION_AT] is None or row[_ACCOUNT_AT] is None:
        return nobody
    session = session_store.read_session(row[_SESSION_AT:_ACCOUNT_AT])
    account = people.read_account(row[_ACCOUNT_AT:_ENROLLED_AT])
    if account.locked or not is_live(session, limits, now):
        return nobody
    return Visit(found, session, account, factors.read_enrolled(row[_ENROLLED_AT:]))


def _interaction(values: tuple[Any, ...]) -> Interaction:
    interaction_hash, request_uri_hash, client_id, request, opened_with_session, *rest = values
    return Interaction(interaction_hash, request_uri_hash, client_id, load_request(request), opened_with_session, *rest)


def consent_move(interaction_hash: bytes, consent_id: str) -> Move:
    """Return what notes the consent given in an interaction that is not complete."""
    return Move(_SET_CONSENT, {"hash": interaction_hash, "value": consent_id})


def set_refused(connection: Connection, interaction_hash: bytes, error_code: str) -> None:
    """Note that an interaction that is not complete ends in that error."""
    _SET_REFUSED.run(connection, {"hash": interaction_hash, "value": error_code})


def set_approval(connection: Connection, interaction_hash: bytes, approval_id: str) -> bool:
    """Note the approval of an interaction's payment; false where it is over, refused, or has one already.

    Spec: RTS-SCA-5.1
    """
    return _SET_APPROVAL.count(connection, {"hash": interaction_hash, "value": approval_id}) == 1


def completion_moves(interaction: Interaction, now: int) -> tuple[Move, Move]:
    """Return what completes an interaction and spends its reference; of two at once only one does both.

    Spec: RFC9126-7.3, FAPI2-SP-FINAL-5.3.2.2-12
    """
    return (
        Move(_COMPLETE, {"hash": interaction.interaction_hash, "value": now}),
        Move(_SPEND_PUSHED, {"request_uri_hash": interaction.request_uri_hash, "spent_at_after": now}),
    )
