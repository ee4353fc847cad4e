"""Pushed requests and interactions: stored whole, found by hash, completed once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from authserver.accounts.factors import store as factors
from authserver.accounts.store import people
from authserver.authorization.answers.model import Delivery
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.model import BrowserCookies, Interaction, PushedRequest, Visit, Visitor
from authserver.authorization.serialization import dump_request, load_request
from authserver.banking.store import find_approver
from authserver.db.batch_update import BatchUpdate
from authserver.db.statement import Statement
from authserver.db.tables.accounts import accounts
from authserver.db.tables.authorization import interactions, pushed_requests
from authserver.db.tables.grants import consents
from authserver.db.tables.sessions import sessions
from authserver.db.writes import Move, Row
from authserver.grants.store import consents as consent_store
from authserver.protocol.handles import hash_handle
from authserver.protocol.names import REQUEST_URI_PREFIX
from authserver.sessions import store as session_store
from authserver.sessions.lifecycle import is_live
from authserver.sessions.model import SessionLimits
from authserver.values import replace

_VISITOR_COLUMNS = (*session_store.COLUMNS, *people.COLUMNS, *factors.COLUMNS)
_ACCOUNT_AT = len(session_store.COLUMNS)
_ENROLLED_AT = _ACCOUNT_AT + len(people.COLUMNS)
_HAS_SESSION = (sessions.c.session_hash == bindparam("session_hash")) & sessions.c.ended_at.is_(None)
_HAS_ACCOUNT = accounts.c.account_id == sessions.c.account_id
_PUSHED_COLUMNS = (
    pushed_requests.c.request_uri_hash,
    pushed_requests.c.client_id,
    pushed_requests.c.request,
    pushed_requests.c.expires_at,
    pushed_requests.c.spent_at,
)
_FIND_PUSHED = Statement(
    select(*_PUSHED_COLUMNS, *_VISITOR_COLUMNS)
    .select_from(pushed_requests.outerjoin(sessions, _HAS_SESSION).outerjoin(accounts, _HAS_ACCOUNT))
    .where(pushed_requests.c.request_uri_hash == bindparam("hash"))
)
_INTERACTION_COLUMNS = (
    interactions.c.interaction_hash,
    interactions.c.request_uri_hash,
    interactions.c.client_id,
    pushed_requests.c.request,
    interactions.c.opened_with_session,
    interactions.c.created_at,
    interactions.c.expires_at,
    interactions.c.consent_id,
    interactions.c.refused_with,
    interactions.c.completed_at,
    interactions.c.approval_id,
)
_FIND_VISIT = Statement(
    select(*_INTERACTION_COLUMNS, *_VISITOR_COLUMNS, *consent_store.COLUMNS)
    .select_from(
        interactions.join(pushed_requests, pushed_requests.c.request_uri_hash == interactions.c.request_uri_hash)
        .outerjoin(sessions, _HAS_SESSION)
        .outerjoin(accounts, _HAS_ACCOUNT)
        .outerjoin(
            consents,
            (consents.c.consent_id == interactions.c.consent_id)
            & (consents.c.account_id == sessions.c.account_id)
            & (consents.c.client_id == interactions.c.client_id)
            & consent_store.STANDS,
        )
    )
    .where(
        interactions.c.interaction_hash == bindparam("hash"),
        interactions.c.browser_hash == bindparam("browser_hash"),
        interactions.c.expires_at > bindparam("now"),
    )
)
_VISITOR_AT = len(_INTERACTION_COLUMNS)
_GIVEN_AT = _VISITOR_AT + len(_VISITOR_COLUMNS)
_UNFINISHED = update(interactions).where(
    interactions.c.interaction_hash == bindparam("hash"), interactions.c.completed_at.is_(None)
)
_SET_CONSENT = _UNFINISHED.values(consent_id=bindparam("value"))
_SET_REFUSED = Statement(
    _UNFINISHED.where(interactions.c.refused_with.is_(None)).values(refused_with=bindparam("value"))
)
_SET_APPROVAL = Statement(
    _UNFINISHED.where(interactions.c.refused_with.is_(None), interactions.c.approval_id.is_(None)).values(
        approval_id=bindparam("value")
    )
)
_REFUSED_AS_SEEN = interactions.c.refused_with.is_not_distinct_from(bindparam("refused_with_seen"))
_COMPLETE = _UNFINISHED.where(_REFUSED_AS_SEEN).values(
    completed_at=bindparam("value"), consent_id=bindparam("consent_id_after")
)
_COMPLETE_ON_CONSENT = _COMPLETE.where(consent_store.RESTS_ON_STANDING)
_SPEND_PUSHED = (
    update(pushed_requests)
    .where(pushed_requests.c.request_uri_hash == bindparam("request_uri_hash"), pushed_requests.c.spent_at.is_(None))
    .values(spent_at=bindparam("spent_at_after"))
)
REQUESTS_OF_CLIENT = BatchUpdate(
    pushed_requests,
    update(pushed_requests)
    .where(pushed_requests.c.client_id == bindparam("client"), pushed_requests.c.spent_at.is_(None))
    .values(spent_at=bindparam("now")),
)
"""Spends every reference of a client, whose id is `client`."""

VISITS_OF_CLIENT = BatchUpdate(
    interactions,
    update(interactions)
    .where(interactions.c.client_id == bindparam("client"), interactions.c.completed_at.is_(None))
    .values(completed_at=bindparam("now")),
)
"""Ends every interaction in which a person is on the way to a client, whose id is `client`."""


def pushed_row(asked: tuple[AuthorizationRequest, Delivery], request_uri: str, *, now: int, lifetime: int) -> Row:
    """Return the row of a request, and of how it is answered, under its reference, good for `lifetime` seconds.

    Spec: RFC9126-2.2
    """
    request, delivery = asked
    return Row(
        pushed_requests,
        {
            "request_uri_hash": hash_handle(request_uri),
            "client_id": request.client_id,
            "request": dump_request(request, delivery),
            "created_at": now,
            "expires_at": now + lifetime,
            "spent_at": None,
        },
    )


def find_pushed(
    connection: Connection, request_uri: str, session_cookie: str, limits: SessionLimits, now: int
) -> tuple[PushedRequest, Visitor] | None:
    """Return the request of a reference, spent and expired ones too, with who is signed in; or None."""
    if not request_uri.startswith(REQUEST_URI_PREFIX):
        return None
    values = {"hash": hash_handle(request_uri), "session_hash": hash_handle(session_cookie)}
    row = _FIND_PUSHED.row(connection, values)
    if row is None:
        return None
    end = len(_PUSHED_COLUMNS)
    return PushedRequest(*row[:end]), _visitor(values["session_hash"], row[end:], limits, now)


def open_interaction(
    pushed: PushedRequest, interaction: str, cookies: BrowserCookies, times: tuple[int, int]
) -> tuple[Interaction, Row]:
    """Return a new interaction of this browser, and its row; `times` are the present moment and the end."""
    (now, expires_at), (request, delivery) = times, load_request(pushed.text)
    opened = Interaction(
        interaction_hash=hash_handle(interaction),
        request_uri_hash=pushed.request_uri_hash,
        client_id=pushed.client_id,
        request=request,
        delivery=delivery,
        opened_with_session=hash_handle(cookies.session) if cookies.session else None,
        created_at=now,
        expires_at=expires_at,
        consent_id=None,
        refused_with=None,
        completed_at=None,
    )
    values = {
        "interaction_hash": opened.interaction_hash,
        "browser_hash": hash_handle(cookies.browser),
        "request_uri_hash": pushed.request_uri_hash,
        "client_id": pushed.client_id,
        "request": "",  # stands in the pushed request's row: whoever has its reference could fill the disk with copies
        "opened_with_session": opened.opened_with_session,
        "created_at": now,
        "expires_at": expires_at,
        "consent_id": None,
        "refused_with": None,
        "completed_at": None,
    }
    return opened, Row(interactions, values)


def find_visit(
    connection: Connection, cookies: BrowserCookies, interaction: str, limits: SessionLimits, now: int
) -> Visit | None:
    """Return the unexpired interaction of that id if it is this browser's, with who is signed in; or None."""
    session_hash = hash_handle(cookies.session)
    values = {
        "hash": hash_handle(interaction),
        "browser_hash": hash_handle(cookies.browser),
        "session_hash": session_hash,
        "now": now,
    }
    row = _FIND_VISIT.row(connection, values)
    if row is None:
        return None
    found = _interaction(row[:_VISITOR_AT])
    if found.approval_id is not None:
        found = replace(found, approved_by=find_approver(connection, found.approval_id))
    visitor = _visitor(session_hash, row[_VISITOR_AT:_GIVEN_AT], limits, now)
    if visitor.session is None or row[_GIVEN_AT] is None:
        return Visit(found, visitor)
    return Visit(found, visitor, consent_store.read_consent(row[_GIVEN_AT:]))


def _visitor(session_hash: bytes, values: Sequence[Any], limits: SessionLimits, now: int) -> Visitor:
    if values[0] is None or values[_ACCOUNT_AT] is None:
        return Visitor()
    session = session_store.read_session(values[:_ACCOUNT_AT])
    account = people.read_account(values[_ACCOUNT_AT:_ENROLLED_AT])
    if account.locked or not is_live(session, limits, now):
        return Visitor()
    return Visitor(session_hash, session, account, factors.read_enrolled(values[_ENROLLED_AT:]))


def _interaction(values: Sequence[Any]) -> Interaction:
    interaction_hash, request_uri_hash, client_id, text, *rest = values
    return Interaction(interaction_hash, request_uri_hash, client_id, *load_request(text), *rest)


def consent_move(interaction_hash: bytes, consent_id: str) -> Move:
    """Return what notes the consent given in an interaction that is not complete."""
    return Move(_SET_CONSENT, {"hash": interaction_hash, "value": consent_id})


def set_refused(connection: Connection, interaction_hash: bytes, error_code: str) -> bool:
    """Note that an interaction ends in that error; false where it is complete or was refused before."""
    return _SET_REFUSED.count(connection, {"hash": interaction_hash, "value": error_code}) == 1


def set_approval(connection: Connection, interaction_hash: bytes, approval_id: str) -> bool:
    """Note the approval of an interaction's payment; false where it is over, refused, or has one already.

    Spec: RTS-SCA-5.1
    """
    return _SET_APPROVAL.count(connection, {"hash": interaction_hash, "value": approval_id}) == 1


def completion_moves(interaction: Interaction, now: int, rests_on: str = "") -> tuple[Move, Move]:
    """Return what completes an interaction, with its consent, and spends its reference; of two at once only one does.

    A refusal noted since it was looked at stands in the way, and the end of `rests_on`, a consent recorded before.

    Spec: RFC9126-7.3, FAPI2-SP-FINAL-5.3.2.2-12, ASVS5-10.7.3
    """
    return (
        Move(
            _COMPLETE_ON_CONSENT if rests_on else _COMPLETE,
            {
                **({"rests_on": rests_on} if rests_on else {}),
                "hash": interaction.interaction_hash,
                "refused_with_seen": interaction.refused_with,
                "value": now,
                "consent_id_after": interaction.consent_id,
            },
        ),
        Move(_SPEND_PUSHED, {"request_uri_hash": interaction.request_uri_hash, "spent_at_after": now}),
    )
