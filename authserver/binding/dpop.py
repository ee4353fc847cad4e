"""DPoP: verifying a proof, and nonces that need no store."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from authserver.keys.model import BadJwt
from authserver.keys.verifier import verify_dpop_jwt
from authserver.protocol.errors import InvalidDpopProof, UseDpopNonce
from authserver.values import Hidden, Value

ALGORITHMS = frozenset({"ES256", "PS256", "Ed25519", "EdDSA"})
PAST_TOLERANCE_SECONDS = 60
FUTURE_TOLERANCE_SECONDS = 15
# A proof dated as far ahead as is allowed is still good in the last second of both together: remembered through it.
PROOF_LIFETIME_SECONDS = PAST_TOLERANCE_SECONDS + FUTURE_TOLERANCE_SECONDS + 1
_MAX_JTI_CHARACTERS = 256
_URL = re.compile(r"[A-Za-z]+://[!-.0->A-~]+(?:[/?#][!-~]*)?")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class DpopProof(Value, frozen=True):
    """A proof whose signature and claims hold; its jti is not claimed yet."""

    jkt: str
    jti: str
    expires_at: int


class ProofTarget(Value, frozen=True):
    """What a proof must be for: the request's method and URL at any of our origins, and the token it comes with."""

    method: str
    uris: tuple[str, ...]
    access_token: Hidden[str | None] = None


class DpopNonces(Value, frozen=True):
    """Nonces made from the time and a key, so that any worker or node accepts another's.

    A nonce holds for the period it was made in and the one after. With `required` a proof without one is refused.

    Spec: RFC9449-8, FAPI2-SP-FINAL-5.3.2.1-10, RFC9449-8.1
    """

    key: Hidden[bytes]
    required: bool
    period_seconds: int = 120

    def current(self, now: int) -> str:
        """Return the nonce to supply now."""
        return self._for_period(now // self.period_seconds)

    def check(self, nonce: object, now: int) -> None:
        """Return where the nonce is one of ours and recent, or absent and not required.

        Raises UseDpopNonce otherwise.

        Spec: RFC9449-11.3
        """
        if nonce is None and not self.required:
            return
        period = now // self.period_seconds
        if isinstance(nonce, str) and nonce.isascii():
            accepted = (self._for_period(period), self._for_period(period - 1))
            if any(hmac.compare_digest(nonce, candidate) for candidate in accepted):
                return
        raise UseDpopNonce(self.current(now))

    def _for_period(self, period: int) -> str:
        digest = hmac.new(self.key, b"dpop-nonce:%d" % period, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def verify_proof(proofs: tuple[str, ...], target: ProofTarget, nonces: DpopNonces, now: int) -> DpopProof:
    """Verify the one DPoP proof of a request; nothing is recorded.

    Raises InvalidDpopProof where there is not exactly one good proof for this request, UseDpopNonce where only the
    nonce is missing or stale.

    Spec: RFC9449-4.3
    """
    if len(proofs) != 1:
        raise _refuse(f"{len(proofs)} DPoP headers", "RFC9449-4.3-1")
    try:
        verified, jkt = verify_dpop_jwt(proofs[0], algorithms=ALGORITHMS)
    except BadJwt as error:
        raise _refuse(str(error), "RFC9449-4.3-2") from error
    jti = _check_claims(verified.claims, target, now)
    _check_token_hash(verified.claims, target.access_token)
    nonces.check(verified.claims.get("nonce"), now)
    return DpopProof(jkt=jkt, jti=jti, expires_at=now + PROOF_LIFETIME_SECONDS)


def token_hash(access_token: str) -> str:
    """Return the `ath` value of an access token.

    Spec: RFC9449-4.2
    """
    digest = hashlib.sha256(access_token.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _check_claims(claims: Mapping[str, object], target: ProofTarget, now: int) -> str:
    """Return the proof's jti where its jti, htm, htu and iat fit this request."""
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI_CHARACTERS:
        raise _refuse("jti is missing, empty, too long or no string", "RFC9449-4.3-3")
    if claims.get("htm") != target.method:
        raise _refuse("htm is not the request's method", "RFC9449-4.3-8")
    htu = claims.get("htu")
    named = _normalise(htu) if isinstance(htu, str) else None
    if named is None or named not in {_normalise(uri) for uri in target.uris}:
        raise _refuse("htu is not the request's URL", "RFC9449-4.3-9")
    issued_at = claims.get("iat")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise _refuse("iat is missing or no number", "RFC9449-4.3-3")
    if not now - PAST_TOLERANCE_SECONDS <= issued_at <= now + FUTURE_TOLERANCE_SECONDS:
        raise _refuse("iat is too far from the present", "RFC9449-4.3-11")
    return jti


def _check_token_hash(claims: Mapping[str, object], access_token: str | None) -> None:
    if access_token is None:
        return
    presented = claims.get("ath")
    if not isinstance(presented, str) or not presented.isascii():
        raise _refuse("ath is missing or no string", "RFC9449-4.3-12")
    if not hmac.compare_digest(presented, token_hash(access_token)):
        raise _refuse("ath is not the access token's hash", "RFC9449-4.3-12")


def _normalise(uri: str) -> tuple[str, str, int | None, str] | None:
    """Return what of a URL must agree: scheme and host in lower case, the port, the path; no query, no fragment.

    Answers None for what is no plain URL: `urlsplit` drops line breaks and tabs, and a user name is not ours to ignore.
    """
    if not _URL.fullmatch(uri):
        return None
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    known_port = _DEFAULT_PORTS.get(scheme) if port is None else port
    return scheme, (parts.hostname or "").lower(), known_port, parts.path or "/"


def _refuse(reason: str, clause: str) -> InvalidDpopProof:
    return InvalidDpopProof("The DPoP proof is not valid.", reason=reason, clause=clause)
