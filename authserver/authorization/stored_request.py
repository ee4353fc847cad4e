"""What is asked of a stored request when its browser comes with it: it may be old, or another's."""

from authserver.authorization.answers.model import Device, OwnPage, ToClient
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.model import PushedRequest
from authserver.clients.model import Client
from authserver.issuance.rights import keep_claims
from authserver.protocol.details.registry import type_names
from authserver.protocol.errors import InvalidRequestUri
from authserver.protocol.names import GRANT_AUTHORIZATION_CODE, GRANT_DEVICE_CODE
from authserver.protocol.redirect_uri import matches_registered


def unknown_reference() -> InvalidRequestUri:
    """Return the refusal of a reference that is not this client's, or nobody's.

    Spec: RFC9126-4
    """
    return InvalidRequestUri("The request_uri is not known.", clause="RFC9126-4")


def check_pushed(pushed: PushedRequest, client_id: str, now: int) -> None:
    """Check that a pushed request is that of the client with this id, unspent and unexpired.

    Raises InvalidRequestUri.

    Spec: RFC9126-2.2-3, RFC9126-4, RFC9126-7.3
    """
    if pushed.client_id != client_id:
        raise unknown_reference()
    if pushed.spent_at is not None:
        raise InvalidRequestUri("The request_uri was already used.", clause="RFC9126-7.3")
    if now >= pushed.expires_at:
        raise InvalidRequestUri("The request_uri has expired.", clause="RFC9126-4")


def check_own_page(page: OwnPage, own_pages: frozenset[str]) -> None:
    """Check that a stored request leads to a page of ours that there still is.

    Raises InvalidRequestUri, which no redirect carries.

    Spec: RFC9700-4.11
    """
    if page.url not in own_pages:
        raise InvalidRequestUri("The request is for no page of this server.", clause="RFC9700-4.11")


def check_still_registered(
    request: AuthorizationRequest, delivery: ToClient, client: Client, audiences: frozenset[str]
) -> None:
    """Check a stored request against the client's registration, its profile and the APIs as they are now.

    Raises InvalidRequestUri, which no redirect carries.

    Spec: RFC9126-7.4, RFC9700-4.11
    """
    is_within = (
        _may_be_answered(delivery, client)
        and client.scope.issuperset(request.scope)
        and type_names(request.authorization_details) <= client.authorization_details_types
        and audiences.issuperset(request.resources)
        and keep_claims(request.single_claims(), client) == request.single_claims()
    )
    if not is_within:
        raise InvalidRequestUri("The client is no longer registered for this request.", clause="RFC9126-7.4")


def _may_be_answered(delivery: ToClient, client: Client) -> bool:
    """Return whether the client may still be answered in this way."""
    if isinstance(delivery, Device):
        return GRANT_DEVICE_CODE in client.grant_types
    return (
        matches_registered(delivery.redirect_uri, client.redirect_uris)
        and delivery.response_type in client.response_types
        and GRANT_AUTHORIZATION_CODE in client.grant_types
        and not (client.must_use_pkce and delivery.code_challenge is None)
    )
