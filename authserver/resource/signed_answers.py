"""Verifying signed answers of introspection: what was told, by whom, to whom and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from authserver.binding.dpop import FUTURE_TOLERANCE_SECONDS
from authserver.clock import Clock
from authserver.keys.model import BadJwt
from authserver.keys.remote import RemoteKeys
from authserver.keys.verifier import read_unverified, verify_jwt
from authserver.protocol.names import JWT_TYPE_INTROSPECTION

_TYPES = frozenset({JWT_TYPE_INTROSPECTION})
_OLDEST_SECONDS = 30


@dataclass(frozen=True, slots=True)
class SignedAnswers:
    """Believes an answer that the issuer signed for this API a moment ago, by the one algorithm registered for it.

    `client_id` is the API's own; the keys come from `jwks_uri` and are fetched again when an answer names a new one.

    Spec: RFC9701-5, RFC9701-8.1, FAPI2-MS-FINAL-5.5
    """

    issuer: str
    client_id: str
    jwks_uri: str
    keys: RemoteKeys = field(repr=False)
    clock: Clock
    algorithm: str = "ES256"

    def verify(self, token: str) -> Mapping[str, object]:
        """Return the description inside a signed answer; raises BadJwt where it is not one for us, or an old one.

        Spec: RFC9701-5, RFC9701-8.1
        """
        unverified = read_unverified(token)
        kid = unverified.header.get("kid")
        keys = self.keys.keys(self.jwks_uri, kid if isinstance(kid, str) else None)
        claims = verify_jwt(unverified, keys, algorithms=frozenset({self.algorithm}), types=_TYPES).claims
        if claims.get("iss") != self.issuer:
            raise BadJwt("the answer is by another issuer")
        if claims.get("aud") not in (self.client_id, [self.client_id]):
            raise BadJwt("the answer is for another")
        self._check_age(claims.get("iat"))
        description = claims.get("token_introspection")
        if not isinstance(description, dict):
            raise BadJwt("the answer describes no token")
        return description

    def _check_age(self, issued_at: object) -> None:
        """Refuse what answers no question asked just now: who holds on to an answer must not undo a revocation."""
        now = self.clock()
        if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
            raise BadJwt("the answer says not when it was made")
        if not now - _OLDEST_SECONDS <= issued_at <= now + FUTURE_TOLERANCE_SECONDS:
            raise BadJwt("the answer was not made just now")
