"""Pushed requests and interactions: stored whole, found by hash, completed once."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from authserver.authorization.model import AuthorizationRequest, Interaction, dump_request, load_request
from authserver.db.at_once import Row
from authserver.db.statement import Statement
from authserver.db.tables import interactions, pushed_requests
from authserver.protocol.handles import hash_handle
from authserver.protocol.names import REQUEST_URI_PREFIX


@dataclass(frozen=True, slots=True)
class PushedRequest:
    """A pushed request as stored."""

    request_uri_hash: bytes
    client_id: str
    request: AuthorizationRequest
    expires_at: int
    spent_at: int | None


_FIND_PUSHED = Statement(
    select(
        pushed_requests.c.request_uri_hash,
        pushed_requests.c.client_id,
        pushed_requests.c.request,
        pushed_requests.c.expires_at,
        pushed_requests.c.spent_at,
    ).where(pushed_requests.c.request_uri_hash == bindparam("hash"))
)
_SPEND_PUSHED = Statement(
    update(pushed_requests)
    .where(pushed_requests.c.request_uri_hash == bindparam("hash"), pushed_requests.c.spent_at.is_(None))
    .values(spent_at=bindparam("now"))
)
_INSERT_INTERACTION = Statement(
    insert(interactions), [column.name for column in interactions.columns if column.name != "approval_id"]
)
_FIND_INTERACTION = Statement(
    select(
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
    ).where(
        interactions.c.interaction_hash == bindparam("hash"),
        interactions.c.browser_hash == bindparam("browser_hash"),
        interactions.c.expires_at > bindparam("now"),
    )
)
_UNFINISHED = update(interactions).where(
    interactions.c.interaction_hash == bindparam("hash"), interactions.c.completed_at.is_(None)
)
_SET_CONSENT = Statement(_UNFINISHED.values(consent_id=bindparam("value")))
_SET_REFUSED = Statement(_UNFINISHED.values(refused_with=bindparam("value")))
_SET_APPROVAL = Statement(
    _UNFINISHED.where(interactions.c.refused_with.is_(None), interactions.c.approval_id.is_(None)).values(
        approval_id=bindparam("value")
    )
)
_COMPLETE = Statement(_UNFINISHED.values(completed_at=bindparam("value")))


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


def claim_pushed(connection: Connection, request_uri_hash: bytes, now: int) -> bool:
    """Spend a reference; return whether this caller did, for of two at once only one does.

    Spec: RFC9126-7.3, FAPI2-SP-FINAL-5.3.2.2-12
    """
    return _SPEND_PUSHED.count(connection, {"hash": request_uri_hash, "now": now}) == 1


def open_interaction(
    connection: Connection,
    pushed: PushedRequest,
    interaction: str,
    browser: str,
    session_hash: bytes | None,
    times: tuple[int, int],
) -> None:
    """Store a new interaction for this browser; `times` are the present moment and the end."""
    now, expires_at = times
    _INSERT_INTERACTION.run(
        connection,
        {
            "interaction_hash": hash_handle(interaction),
            "browser_hash": hash_handle(browser),
            "request_uri_hash": pushed.request_uri_hash,
            "client_id": pushed.client_id,
            "request": dump_request(pushed.request),
            "opened_with_session": session_hash,
            "created_at": now,
            "expires_at": expires_at,
            "consent_id": None,
            "refused_with": None,
            "completed_at": None,
        },
    )


def find_interaction(connection: Connection, interaction: str, browser: str, now: int) -> Interaction | None:
    """Return the unexpired interaction of that id if it is this browser's, or None."""
    values = {"hash": hash_handle(interaction), "browser_hash": hash_handle(browser), "now": now}
    row = _FIND_INTERACTION.row(connection, values)
    if row is None:
        return None
    interaction_hash, request_uri_hash, client_id, request, opened_with_session, *rest = row
    return Interaction(interaction_hash, request_uri_hash, client_id, load_request(request), opened_with_session, *rest)


def set_consent(connection: Connection, interaction_hash: bytes, consent_id: str) -> None:
    """Note the consent given in an interaction that is not complete."""
    _SET_CONSENT.run(connection, {"hash": interaction_hash, "value": consent_id})


def set_refused(connection: Connection, interaction_hash: bytes, error_code: str) -> None:
    """Note that an interaction that is not complete ends in that error."""
    _SET_REFUSED.run(connection, {"hash": interaction_hash, "value": error_code})


def set_approval(connection: Connection, interaction_hash: bytes, approval_id: str) -> bool:
    """Note the approval of an interaction's payment; false where it is over, refused, or has one already.

    Spec: RTS-SCA-5.1
    """
    return _SET_APPROVAL.count(connection, {"hash": interaction_hash, "value": approval_id}) == 1


def claim_interaction(connection: Connection, interaction_hash: bytes, now: int) -> bool:
    """Complete an interaction; return whether this caller did."""
    return _COMPLETE.count(connection, {"hash": interaction_hash, "value": now}) == 1
