"""An authorization request as a row holds it: what is asked and how it is answered, in one JSON object.

The members and their order are those of every release so far, so that a request that one release stored is carried out
by another, in an upgrade and in a roll-back.
"""

from typing import Final

from msgspec.json import Decoder
from msgspec.structs import asdict

from authserver.authorization.answers.model import Delivery, Device, OwnPage, Redirect
from authserver.authorization.asked import AuthorizationRequest
from authserver.protocol.names import RESPONSE_MODE_QUERY
from authserver.protocol.stored_json import dump_json
from authserver.values import Value

_TO_OWN_PAGE: Final = "none"  # no profile permits these response types, so no client's request has one
_TO_DEVICE: Final = "device"
_REQUEST: Final = Decoder(AuthorizationRequest)
_REDIRECT: Final = Decoder(Redirect)


def dump_request(request: AuthorizationRequest, delivery: Delivery) -> str:
    """Return a request as JSON text for a row."""
    redirect = _as_redirect(delivery)
    members = {
        "client_id": request.client_id,
        "redirect_uri": redirect.redirect_uri,
        "redirect_uri_sent": redirect.redirect_uri_sent,
        "response_type": redirect.response_type,
        "response_mode": redirect.response_mode,
        "scope": request.scope,
        "state": redirect.state,
        "nonce": redirect.nonce,
        "code_challenge": redirect.code_challenge,
        "dpop_jkt": redirect.dpop_jkt,
        "resources": request.resources,
        "demand": request.demand,
        "login_hint": request.login_hint,
        "hinted_subject": request.hinted_subject,
        "ui_locales": request.ui_locales,
        "claims": request.claims,
        "authorization_details": request.authorization_details,
    }
    return dump_json(members, default=_storable)


def load_request(text: str) -> tuple[AuthorizationRequest, Delivery]:
    """Return the request of a row, and how it is answered; both were checked before they were stored.

    Raises ValueError where it demands or claims what this release does not know, lest it be carried out without it.
    """
    redirect = _REDIRECT.decode(text)
    return _REQUEST.decode(text), _delivery(redirect)


def _delivery(redirect: Redirect) -> Delivery:
    if redirect.response_type == _TO_OWN_PAGE:
        return OwnPage(redirect.redirect_uri)
    return Device(redirect.redirect_uri) if redirect.response_type == _TO_DEVICE else redirect


def _as_redirect(delivery: Delivery) -> Redirect:
    """Return the redirect whose members say in a row how a request is answered."""
    if isinstance(delivery, Redirect):
        return delivery
    is_ours = isinstance(delivery, OwnPage)
    return Redirect(
        redirect_uri=delivery.url if isinstance(delivery, OwnPage) else delivery.device_code,
        redirect_uri_sent=True,
        response_type=_TO_OWN_PAGE if is_ours else _TO_DEVICE,
        response_mode=RESPONSE_MODE_QUERY,
    )


def _storable(value: object) -> object:
    if isinstance(value, Value):
        return asdict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError("a request holds no such value")
