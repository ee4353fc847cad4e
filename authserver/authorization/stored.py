"""What is asked of a stored request when its browser comes with it: it may be old, or another's."""

from authserver.authorization.model import AuthorizationRequest
from authserver.authorization.store import PushedRequest
from authserver.clients.model import Client
from authserver.protocol.authorization_details.registry import type_names
from authserver.protocol.errors import InvalidRequestUri


def unknown_reference() -> InvalidRequestUri:
    """Return the refusal of a reference that is not this client's, or nobody's.

    Spec: RFC9126-4
    """
    return InvalidRequestUri("The request_uri is not known.", clause="RFC9126-4")


def check_pushed(pushed: PushedRequest, client: Client, now: int) -> None:
    """Check that a pushed request is this client's, unspent and unexpired.

    Raises InvalidRequestUri.

    Spec: RFC9126-2.2-3, RFC9126-4, RFC9126-7.3
    """
    if pushed.client_id != client.client_id:
        raise unknown_reference()
    if pushed.spent_at is not None:
        raise InvalidRequestUri("The request_uri was used before.", clause="RFC9126-7.3")
    if now >= pushed.expires_at:
        raise InvalidRequestUri("The request_uri has expired.", clause="RFC9126-4")


def check_still_registered(request: AuthorizationRequest, client: Client) -> None:
    """Check a stored request against the client's registration as it is now: it may have changed since.

    Raises InvalidRequestUri, which no redirect carries.

    Spec: RFC9126-7.4, RFC9700-4.11
    """
    types = type_names(request.authorization_details)
    is_within = client.scope.issuperset(request.scope) and types <= client.authorization_details_types
    if request.redirect_uri not in client.redirect_uris or not is_within:
        raise InvalidRequestUri("The request is no longer within the registration.", clause="RFC9126-7.4")
