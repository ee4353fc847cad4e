"""Our own pages as a client of the sign-in: the same steps and the same rules lead to them as to any app.

Such a request has the response type `none`: once the person has proved themselves the browser goes back to the page,
and nothing is issued. The client is built in, holds no credential, and no request of its making can be sent from
outside: its requests are pushed by us alone, and its redirect URIs are a fixed list of our pages.
"""

from dataclasses import replace
from typing import Final

from authserver.authorization.model import RESPONSE_TYPE_NONE, AuthorizationRequest
from authserver.authorization.response_modes import QUERY
from authserver.authorization.store import pushed_row
from authserver.clients.build import build_client
from authserver.clients.metadata import parse_metadata
from authserver.clients.model import Client
from authserver.db.at_once import add_row
from authserver.db.engine import Connection
from authserver.protocol.claims_request import ClaimsRequest
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.handles import new_handle
from authserver.protocol.names import REQUEST_URI_PREFIX, TLS_CLIENT_AUTH

OWN_CLIENT_ID: Final = "authserver-account"
OWN_CLIENT_NAME: Final = "Your account"


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


def push_own(
    connection: Connection, page: str, demand: AuthenticationDemand, login_hint: str | None, times: tuple[int, int]
) -> str:
    """Store a request for one of our pages, by its whole address, and return its reference.

    `times` are the present moment and for how many seconds the reference is good.
    """
    now, lifetime = times
    request = AuthorizationRequest(
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
        demand=demand,
        login_hint=login_hint,
        hinted_subject=None,
        ui_locales=(),
        claims=ClaimsRequest(),
    )
    request_uri = REQUEST_URI_PREFIX + new_handle()
    add_row(connection, pushed_row(request, request_uri, now=now, lifetime=lifetime))
    return request_uri
