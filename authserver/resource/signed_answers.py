"""Verifying signed answers of introspection: what was told, by whom, to whom and when."""

import hmac
from collections.abc import Mapping

from authserver.binding.dpop import FUTURE_TOLERANCE_SECONDS, token_hash
from authserver.clock import Clock
from authserver.keys.model import BadJwt
from authserver.keys.remote import RemoteKeys
from authserver.keys.verifier import read_unverified, verify_jwt
from authserver.protocol.names import JWT_TYPE_INTROSPECTION
from authserver.values import Assembly, Hidden

_TYPES = frozenset({JWT_TYPE_INTROSPECTION})
_OLDEST_SECONDS = 30


class SignedAnswers(Assembly, frozen=True):
    """Believes an answer that the issuer signed for this API a moment ago, by the one algorithm registered for it.

    `client_id` is the API's own; the keys come from `jwks_uri` and are fetched again when an answer names a new one.
    `needs_ath` may be given up for an issuer that signs no hash of the token: an answer about one opaque token then
    passes for another's.

    Spec: RFC9701-5, RFC9701-8.1, FAPI2-MS-FINAL-5.5
    """

    issuer: str
    client_id: str
    jwks_uri: str
    keys: Hidden[RemoteKeys]
    clock: Clock
    algorithm: str = "ES256"
    needs_ath: bool = True

    def verify(self, answer: str, token: str) -> Mapping[str, object]:
        """Return the description inside a signed answer.

        Raises BadJwt where it is not one for us, or an old one, or about another token than this.

        Spec: RFC9701-5, RFC9701-8.1
        """
        unverified = read_unverified(answer)
        kid = unverified.header.get("kid")
        keys = self.keys.keys(self.jwks_uri, kid if isinstance(kid, str) else None)
        claims = verify_jwt(unverified, keys, algorithms=frozenset({self.algorithm}), types=_TYPES).claims
        if claims.get("iss") != self.issuer:
            raise BadJwt("the answer is by another issuer")
        if claims.get("aud") not in (self.client_id, [self.client_id]):
            raise BadJwt("the answer is for another")
        self._check_times(claims)
        description = claims.get("token_introspection")
        if not isinstance(description, dict):
            raise BadJwt("the answer describes no token")
        self._check_about(claims.get("ath"), description, token)
        return description

    def _check_times(self, claims: Mapping[str, object]) -> None:
        """Refuse what answers no question asked just now: who holds on to an answer must not undo a revocation.

        Spec: RFC9701-5, RFC7519-4.1.4, RFC7519-4.1.5
        """
        now = self.clock()
        latest = now + FUTURE_TOLERANCE_SECONDS
        issued_at, not_before, expires_at = (_read_time(claims, name) for name in ("iat", "nbf", "exp"))
        if issued_at is None:
            raise BadJwt("the answer says not when it was made")
        if not now - _OLDEST_SECONDS <= issued_at <= latest:
            raise BadJwt("the answer was not made just now")
        if not_before is not None and not_before > latest:
            raise BadJwt("the answer is not valid yet")
        if expires_at is not None and expires_at <= now:
            raise BadJwt("the answer has expired")

    def _check_about(self, told_hash: object, description: Mapping[str, object], token: str) -> None:
        """Refuse an answer about another token: by the hash that the issuer signs, or by the `jti` of a JWT.

        RFC 9701 does not tie an answer to a token, so another issuer may leave the hash out. What stands in the token
        itself is not verified, which is nothing here: it is compared with what the issuer says of the token.

        Spec: RFC9701-5, RFC9701-8.1, RFC9449-4.2
        """
        if told_hash is not None:
            told = told_hash if isinstance(told_hash, str) else ""
            if not hmac.compare_digest(told.encode("utf-8", "surrogatepass"), token_hash(token).encode()):
                raise BadJwt("the answer is about another token")
        elif description.get("active") is True and not _is_of(description, token) and self.needs_ath:
            raise BadJwt("the answer does not say which token it is about")


def _is_of(description: Mapping[str, object], token: str) -> bool:
    """Return whether a description has the `iss` and `jti` of a JWT, False for a token that is none.

    Raises BadJwt where they are those of another.
    """
    try:
        claims = read_unverified(token).claims
    except BadJwt:
        return False
    jti = claims.get("jti")
    if not isinstance(jti, str):
        return False
    if (description.get("iss"), description.get("jti")) != (claims.get("iss"), jti):
        raise BadJwt("the answer is about another token")
    return True


def _read_time(claims: Mapping[str, object], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise BadJwt(f"{name} of the answer is no time")
    return value
