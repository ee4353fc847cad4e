"""Our own pages as a client of the sign-in: the same steps and the same rules lead to them as to any app.

Such a request has the response type `none`: once the person has proved themselves the browser goes back to the page,
and nothing is issued. The client is built in, holds no credential, and no request of its making can be sent from
outside: its requests are sealed by us alone, and its redirect URIs are a fixed list of our pages.
"""

from dataclasses import replace
from typing import Final

import orjson

from authserver.authorization.model import RESPONSE_TYPE_NONE, AuthorizationRequest
from authserver.authorization.response_modes import QUERY
from authserver.authorization.stored import unknown_reference
from authserver.clients.build import build_client
from authserver.clients.metadata import parse_metadata
from authserver.clients.model import Client
from authserver.keys.base64url import decode, encode
from authserver.protocol.claims_request import ClaimsRequest
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.errors import InvalidRequestUri
from authserver.protocol.names import OWN_CLIENT_ID, REQUEST_URI_PREFIX, TLS_CLIENT_AUTH
from authserver.sealing.envelope import Envelope, SealBroken

OWN_CLIENT_NAME: Final = "Your account"

_REFERENCE: Final = f"{REQUEST_URI_PREFIX}own."  # a stored request's reference has no dot
_PLACE: Final = "own request"


def own_client(issuer: str, paths: tuple[str, ...]) -> Client:
    """Return the built-in client of our own pages, which no credential authenticates."""
    metadata = {
        "client_name": OWN_CLIENT_NAME,
        "redirect_uris": [issuer + path for path in paths],
        "profile": "fapi2",
        "token_endpoint_auth_method": TLS_CLIENT_AUTH,
        "tls_client_auth_san_dns": "nobody.invalid",
        "tls_client_certificate_bound_access_tokens": True,
    }
    built = build_client(parse_metadata(metadata), client_id=OWN_CLIENT_ID, secret_hash=None)
    return replace(
        built,
        token_endpoint_auth_method="none",  # noqa: S106 - a method's name: no endpoint takes it
        certificate_subject=None,
        response_types=frozenset({RESPONSE_TYPE_NONE}),
    )


def seal_own(
    envelope: Envelope, page: str, demand: AuthenticationDemand, login_hint: str | None, expires_at: int
) -> str:
    """Return a reference that carries a request for one of our pages, by its whole address, in itself.

    Nothing is stored for it: whoever asks for such a page without a session is not known, and could fill the disk.
    """
    asked = orjson.dumps([page, demand.acr, demand.max_age, login_hint, expires_at])
    return _REFERENCE + encode(envelope.seal(asked, _PLACE)).decode()


def is_sealed(reference: str) -> bool:
    """Tell whether a reference is of the kind that `seal_own` makes."""
    return reference.startswith(_REFERENCE)


def open_own(envelope: Envelope, reference: str, now: int) -> AuthorizationRequest:
    """Return the request that a reference of `seal_own` carries.

    Raises InvalidRequestUri where we did not make it, or its time is over.

    Spec: RFC9126-4
    """
    try:
        sealed = envelope.open(decode(reference.removeprefix(_REFERENCE).encode()), _PLACE)
    except (ValueError, SealBroken) as error:
        raise unknown_reference() from error
    page, acr, max_age, login_hint, expires_at = orjson.loads(sealed)
    if now >= expires_at:
        raise InvalidRequestUri("The request_uri has expired.", clause="RFC9126-4")
    return AuthorizationRequest(
        client_id=OWN_CLIENT_ID,
        redirect_uri=page,
        redirect_uri_sent=True,
        response_type=RESPONSE_TYPE_NONE,
        response_mode=QUERY,
        scope=(),
        state=None,
        nonce=None,
        code_challenge=None,
        dpop_jkt=None,
        resources=(),
        demand=AuthenticationDemand(acr=acr, max_age=max_age),
        login_hint=login_hint,
        hinted_subject=None,
        ui_locales=(),
        claims=ClaimsRequest(),
    )
