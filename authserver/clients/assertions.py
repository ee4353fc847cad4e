"""`private_key_jwt`: the claims of a client assertion."""

from collections.abc import Mapping

from authserver.protocol.errors import InvalidClient
from authserver.values import Value

FUTURE_TOLERANCE_SECONDS = 15
MAX_LIFETIME_SECONDS = 600
_MAX_JTI_CHARACTERS = 256


class AssertionAudience(Value, frozen=True):
    """Whom an assertion may be addressed to: the issuer alone as a string, or our URLs too where a profile allows it.

    Spec: FAPI2-SP-FINAL-5.3.2.1-8, RFC7523-3
    """

    issuer: str
    issuer_only: bool
    urls: frozenset[str] = frozenset()


class AssertionId(Value, frozen=True):
    """An assertion's jti and the time until which it must be remembered."""

    jti: str
    expires_at: int


def check_assertion_claims(
    claims: Mapping[str, object], *, client_id: str, audience: AssertionAudience, now: int
) -> AssertionId:
    """Return the assertion's id where its claims are those of a fresh assertion by this client, for us.

    Raises InvalidClient otherwise.

    Spec: RFC7523-3, OIDCC-9, FAPI2-SP-FINAL-5.3.2.1-8, FAPI2-SP-FINAL-5.3.2.1-13
    """
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise _refuse("iss or sub is not the client's id", "RFC7523-3-1")
    _check_audience(claims.get("aud"), audience)
    expires_at = _read_time(claims, "exp")
    if expires_at is None or expires_at <= now:
        raise _refuse("exp is missing or past", "RFC7523-3-4")
    if expires_at > now + MAX_LIFETIME_SECONDS:
        raise _refuse("exp is too far ahead", "RFC7523-3-4")
    for name in ("iat", "nbf"):
        moment = _read_time(claims, name)
        if moment is not None and moment > now + FUTURE_TOLERANCE_SECONDS:
            raise _refuse(f"{name} is in the future", "FAPI2-SP-FINAL-5.3.2.1-13")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI_CHARACTERS:
        raise _refuse("jti is missing, empty, too long or no string", "RFC7523-3-7")
    return AssertionId(jti, int(expires_at) + 1)


def _check_audience(presented: object, audience: AssertionAudience) -> None:
    if presented == audience.issuer:
        return
    if audience.issuer_only:
        raise _refuse("aud is not the issuer as a string", "FAPI2-SP-FINAL-5.3.2.1-8")
    accepted = {audience.issuer, *audience.urls}
    candidates = presented if isinstance(presented, list) else [presented]
    if not any(isinstance(candidate, str) and candidate in accepted for candidate in candidates):
        raise _refuse("aud does not name this server", "RFC7523-3-3")


def _read_time(claims: Mapping[str, object], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(f"{name} is no number", "RFC7519-2")
    return value


def _refuse(reason: str, clause: str) -> InvalidClient:
    return InvalidClient(reason=f"assertion: {reason}", clause=clause)
