"""What a client is told of its registration."""

from collections.abc import Mapping

from authserver.clients.build import response_types
from authserver.clients.metadata import parse_metadata
from authserver.values import Hidden, Value

_KEPT_FROM_CLIENTS = frozenset({"checked_by", "checked_on", "request_limit", "refresh_rotation"})
_ALWAYS_TOLD = ("grant_types", "token_endpoint_auth_method", "id_token_signed_response_alg")


class Management(Value, frozen=True):
    """Where a client looks after its registration, and by which token."""

    uri: str
    token: Hidden[str]


def describe_registration(
    metadata: Mapping[str, object], management: Management, *, issued_at: int, client_secret: str | None = None
) -> dict[str, object]:
    """Return the members of an answer: everything that is registered, presumed values too, and how it is changed.

    A secret is told once, and does not expire.

    Spec: RFC7591-3.2.1, RFC7592-3
    """
    parsed = parse_metadata(metadata)
    presumed: dict[str, object] = {name: getattr(parsed, name) for name in _ALWAYS_TOLD}
    presumed["response_types"] = response_types(parsed)
    told = {name: value for name, value in {**presumed, **metadata}.items() if name not in _KEPT_FROM_CLIENTS}
    secret = {} if client_secret is None else {"client_secret": client_secret, "client_secret_expires_at": 0}
    managed = {"registration_client_uri": management.uri, "registration_access_token": management.token}
    return {**told, "client_id_issued_at": issued_at, **secret, **managed}
