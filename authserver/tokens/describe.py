"""What introspection tells of a token, and to whom."""

from collections.abc import Mapping
from typing import Final

import orjson

from authserver.binding.model import parse_confirmation
from authserver.clients.model import Client, ResourceServer
from authserver.grants.model import KIND_ACCESS, TokenState
from authserver.issuance.audience import scope_told, serves_detail
from authserver.protocol.details.model import Details
from authserver.protocol.details.registry import find_payment
from authserver.protocol.scope import format_scope

INACTIVE: Final[Mapping[str, object]] = {"active": False}
"""All that anyone learns of a token that is not theirs to know, or not good."""

_TOLD: Final = ("iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp", "auth_time", "acr", "amr", "cnf")


def describe_token(state: TokenState | None, caller: Client, now: int) -> Mapping[str, object]:
    """Return an access token's description for a resource server that is its audience, else only `inactive`.

    Refresh tokens are nobody's to introspect: no resource server receives one.

    Spec: RFC7662-2.2, RFC7662-4, RFC8705-3.2, RFC9449-6.2, RFC9470-6.2, RFC7662-5, RFC9396-9.2
    """
    if state is None or state.token.kind != KIND_ACCESS or not state.is_active(now):
        return INACTIVE
    claims, server = state.token.claims, caller.resource_server
    if server is None or not set(server.audiences) & set(audience_of(claims)):
        return INACTIVE
    told = {name: claims[name] for name in _TOLD if name in claims}
    told["aud"] = _own_audience(audience_of(claims), server)
    details = details_of(claims)
    own_scope = scope_told(server, tuple(str(told.pop("scope", "")).split()), details)
    own_details = [detail for detail in details if serves_detail(server, detail)]
    told |= {"scope": format_scope(own_scope)} if own_scope else {}
    told |= {"authorization_details": own_details} if own_details else {}
    return {"active": True, **told, "token_type": binding_type(claims)}


def render_description(description: Mapping[str, object]) -> bytes:
    """Return a description as JSON; the same description is always the same octets."""
    return orjson.dumps(description)


def seconds_to_keep(description: Mapping[str, object], limit_seconds: int, now: int) -> int:
    """Return for how many seconds a resource server may keep a description, at most up to the token's end.

    Not at all where the token is not active, so that nobody is kept out by an answer of before; nor where it moves
    money, once or within limits for as long as a mandate stands: that must not happen after it was taken back.

    Spec: RFC7662-4, RTS-SCA-5.1
    """
    expires_at = description.get("exp")
    if limit_seconds <= 0 or not isinstance(expires_at, int) or is_for_payment(description):
        return 0
    return min(limit_seconds, expires_at - now)


def is_for_payment(description: Mapping[str, object]) -> bool:
    """Return whether a description tells of a payment, one or those of a standing mandate.

    Spec: RTS-SCA-5.1
    """
    return find_payment(details_of(description)) is not None


def audience_of(claims: Mapping[str, object]) -> tuple[str, ...]:
    """Return a token's audiences, whether it names one or several."""
    audience = claims.get("aud")
    if isinstance(audience, str):
        return (audience,)
    return tuple(name for name in audience if isinstance(name, str)) if isinstance(audience, list) else ()


def details_of(claims: Mapping[str, object]) -> Details:
    """Return a token's authorization details."""
    details = claims.get("authorization_details")
    return tuple(details) if isinstance(details, list) else ()


def binding_type(claims: Mapping[str, object]) -> str:
    """Return the token type under which a token with these claims is presented."""
    return parse_confirmation(claims.get("cnf")).token_type


def _own_audience(audiences: tuple[str, ...], server: ResourceServer) -> str | list[str]:
    """Return the audiences that are the caller's: it need not know for whom else a token is."""
    shared = [name for name in audiences if name in server.audiences]
    return shared[0] if len(shared) == 1 else shared
