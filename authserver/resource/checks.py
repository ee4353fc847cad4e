"""Every check of an access token at an API, as pure rules on what was received."""

import hmac
import re
from collections.abc import Mapping, Sequence

from authserver.binding.dpop import FUTURE_TOLERANCE_SECONDS, DpopNonces, DpopProof, ProofTarget, verify_proof
from authserver.binding.model import NO_BINDING, Binding, parse_confirmation
from authserver.binding.mtls import certificate_thumbprint
from authserver.protocol.errors import InsufficientScope, InvalidRequest, InvalidToken
from authserver.protocol.scope import openid_scopes
from authserver.resource.details import Detail, is_for, parse_details
from authserver.resource.model import AccessToken, PresentedToken, ResourceRequest
from authserver.values import Value

_SCHEMES = frozenset({"bearer", "dpop"})
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_REFUSAL = "The access token is not valid here."
_OUT_OF_REACH = "The access token does not reach this."


class Expectation(Value, frozen=True):
    """Who must have issued a token, and for whom; a token bound to no key passes only where that is said here.

    `issued_here` says that the claims come out of our own database. When the person signed in was then told by a clock
    of ours, another node's perhaps, and one that is ahead does not make the token a bad one.
    """

    issuer: str
    audience: str
    unbound_allowed: bool = False
    issued_here: bool = False


def read_presented(request: ResourceRequest) -> PresentedToken | None:
    """Return the token of the Authorization header, or None where there is none of a scheme we know.

    Raises InvalidRequest where the query holds a token, whatever else came, or where the header holds no single one.

    Spec: RFC6750-2, RFC6750-2.1, RFC6750-2.3, RFC9449-7.1, FAPI2-SP-FINAL-5.3.4-1, FAPI2-SP-FINAL-5.3.4-2
    """
    if request.token_in_query:
        raise InvalidRequest(
            "The access token must be sent in the Authorization header.", clause="FAPI2-SP-FINAL-5.3.4-2"
        )
    presented = read_authorization(request.authorization)
    if presented is not None and not _TOKEN.fullmatch(presented.token):
        raise InvalidRequest("The Authorization header is malformed.", clause="RFC6750-2.1")
    return presented


def read_authorization(authorization: str | None) -> PresentedToken | None:
    """Return the scheme and the token of an Authorization header, whatever text that is; None for another scheme.

    Spec: RFC6750-2.1, RFC9449-7.1
    """
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    return PresentedToken(scheme.lower(), token) if scheme.lower() in _SCHEMES and token else None


def check_claims(claims: Mapping[str, object], expected: Expectation, now: int) -> AccessToken:
    """Return the token that these claims describe where it is one by our issuer, for us, and still good.

    Raises InvalidToken otherwise.

    A token for several APIs may tell of details that name another place: these are left out, and with them the scopes.

    Spec: RFC9068-4, RFC7662-4, RFC9396-2.2, RFC9396-9, RFC9470-6, RFC9700-2.3, FAPI2-SP-FINAL-5.3.4-3
    """
    if claims.get("iss") != expected.issuer:
        raise _refuse("another issuer", "RFC9068-4-2")
    if expected.audience not in _audiences(claims.get("aud")):
        raise _refuse("another audience", "RFC9068-4-3")
    expires_at = _read_time(claims, "exp")
    if expires_at is None or expires_at <= now:
        raise _refuse("exp is missing or past", "RFC9068-4-5")
    not_before = _read_time(claims, "nbf")
    if not_before is not None and not_before > now + FUTURE_TOLERANCE_SECONDS:
        raise _refuse("not valid yet", "RFC7519-4.1.5")
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise _refuse("scope is no string", "RFC9068-2.2.3")
    told = _read_details(claims.get("authorization_details"))
    details = tuple(detail for detail in told if is_for(detail, expected.audience)) if told else ()
    return AccessToken(
        subject=_read_name(claims, "sub"),
        client_id=_read_name(claims, "client_id"),
        # Beside a detail that is good elsewhere alone, a scope would be worth more here than what was granted with it.
        scope=frozenset(scope.split() if details == told else openid_scopes(scope.split())),
        expires_at=int(expires_at),
        binding=_read_binding(claims.get("cnf"), unbound_allowed=expected.unbound_allowed),
        claims=claims,
        acr=_read_acr(claims.get("acr")),
        auth_time=_read_auth_time(claims, None if expected.issued_here else now),
        details=details,
    )


def check_sender(
    request: ResourceRequest, presented: PresentedToken, binding: Binding, nonces: DpopNonces, now: int
) -> DpopProof | None:
    """Check that the caller holds every key the token is bound to; return a DPoP proof whose jti is yet to be claimed.

    A token bound to a DPoP key comes under the scheme DPoP and no other does: presented as a bearer token it would be
    good without its key.

    Raises InvalidToken, or InvalidDpopProof or UseDpopNonce for the proof itself.

    Spec: RFC8705-3, RFC9449-4.3, RFC9449-7, RFC9449-7.1, RFC9449-7.2, FAPI2-SP-FINAL-5.3.4-5
    """
    _check_certificate(request.certificate, binding)
    if (presented.scheme == "dpop") != (binding.jkt is not None):
        raise _refuse("the scheme does not fit the token's binding", "RFC9449-7.2")
    if binding.jkt is None:
        return None
    target = ProofTarget(request.method, request.uris, presented.token)
    proof = verify_proof(request.dpop_proofs, target, nonces, now)
    if not hmac.compare_digest(proof.jkt, binding.jkt):
        raise _refuse("the proof is by another key", "RFC9449-7.1")
    return proof


def check_scope(granted: frozenset[str], any_of: Sequence[str], description: str = _OUT_OF_REACH) -> None:
    """Return where one of the alternatives, each a list of scopes needed together, is granted, or none is asked for.

    Raises InsufficientScope otherwise, with the description.

    Spec: RFC6750-3.1, FAPI2-SP-FINAL-5.3.4-4
    """
    for alternative in any_of:
        if granted.issuperset(alternative.split()):
            return
    if any_of:
        raise InsufficientScope(description, clause="RFC6750-3.1")


def _audiences(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _read_time(claims: Mapping[str, object], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(f"{name} is no number", "RFC7519-2")
    return value


def _read_acr(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _refuse("acr is no string", "RFC9470-6.1")
    return value


def _read_auth_time(claims: Mapping[str, object], now: int | None) -> int | None:
    """Return when the person signed in; a moment to come, seen from `now`, would be recent enough for every route.

    Spec: RFC9470-6.1
    """
    auth_time = _read_time(claims, "auth_time")
    if auth_time is not None and now is not None and auth_time > now + FUTURE_TOLERANCE_SECONDS:
        raise _refuse("auth_time is in the future", "RFC9470-6.1")
    return None if auth_time is None else int(auth_time)


def _read_details(value: object) -> tuple[Detail, ...]:
    try:
        return parse_details(value)
    except ValueError as error:
        raise _refuse(str(error), "RFC9396-9") from error


def _read_name(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _refuse(f"{name} is missing or no string", "RFC9068-2.2")
    return value


def _read_binding(confirmation: object, *, unbound_allowed: bool) -> Binding:
    """Return the binding; a `cnf` that holds nothing we can check is refused, never taken for none.

    Spec: RFC9449-6, RFC8705-3, FAPI2-SP-FINAL-5.3.4-5
    """
    if confirmation is None:
        if not unbound_allowed:
            raise _refuse("the token is bound to no key", "FAPI2-SP-FINAL-5.3.4-5")
        return NO_BINDING
    members = confirmation if isinstance(confirmation, dict) else {}
    binding = parse_confirmation(members)
    if not members or len(binding.confirmation()) != len(members):
        raise _refuse("the token is bound in a way that cannot be checked here", "RFC9449-6")
    return binding


def _check_certificate(certificate: bytes | None, binding: Binding) -> None:
    """Compare the certificate of the connection with the token's.

    Spec: RFC8705-3
    """
    if binding.x5t_s256 is None:
        return
    presented = certificate_thumbprint(certificate) if certificate is not None else ""
    if not hmac.compare_digest(presented.encode(), binding.x5t_s256.encode()):
        raise _refuse("the certificate is missing or another one", "RFC8705-3")


def _refuse(reason: str, clause: str) -> InvalidToken:
    return InvalidToken(_REFUSAL, reason=reason, clause=clause)
