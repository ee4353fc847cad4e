"""Access tokens that are JWTs, verified here with the issuer's published keys: no call per request, no revocation."""

from collections.abc import Mapping

from authserver.clock import Clock
from authserver.events.model import Event
from authserver.keys.model import BadJwt
from authserver.keys.remote import RemoteKeys
from authserver.keys.verifier import read_unverified, verify_jwt
from authserver.outbound.fetch import SafeFetcher
from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable
from authserver.protocol.names import JWT_TYPE_ACCESS_TOKEN
from authserver.resource.refusals import LOGGER
from authserver.values import Assembly, Hidden

ALGORITHMS = frozenset({"ES256", "PS256", "Ed25519", "EdDSA"})
_TYPES = frozenset({JWT_TYPE_ACCESS_TOKEN})


class LocalTokens(Assembly, frozen=True):
    """Verifies RFC 9068 access tokens; a token lives on until it expires, so it suits short-lived ones.

    Not with Authlib's `JWTBearerTokenValidator`: it takes any `typ`, any algorithm that its key permits, and no `cnf`.

    Spec: RFC9068-4, FAPI2-SP-FINAL-5.4.1-1
    """

    jwks_uri: str
    keys: Hidden[RemoteKeys]
    algorithms: frozenset[str] = ALGORITHMS

    def find_claims(self, token: str) -> Mapping[str, object]:
        """Return the claims of a token that the issuer signed.

        Raises InvalidToken otherwise, TemporarilyUnavailable where the issuer's keys cannot be had.

        Spec: RFC9068-4-1, RFC9068-4-4, RFC9068-4-6
        """
        try:
            kid = read_unverified(token).header.get("kid")
            keys = self.keys.keys(self.jwks_uri, kid if isinstance(kid, str) else None)
            if not keys:
                raise TemporarilyUnavailable(
                    "Access tokens cannot be checked at the moment. Try again later.",
                    reason="no keys of the issuer",
                    clause="RFC9068-4-4",
                )
            return verify_jwt(token, keys, algorithms=self.algorithms, types=_TYPES).claims
        except BadJwt as error:
            raise InvalidToken(
                "The access token is not valid here.", reason=str(error), clause="RFC9068-4-6"
            ) from error


def fetch_keys_from(clock: Clock, *, ca_file: str | None = None, allow: frozenset[str] = frozenset()) -> RemoteKeys:
    """Return a cache of the issuer's keys, fetched again when a token names a new one, at most once a minute.

    `allow` names the `host:port` of an issuer that is not on the public network; `ca_file` a further authority for it.
    A fetch that fails is logged: until one succeeds, no token can be checked.
    """
    return RemoteKeys(SafeFetcher(allow=allow, ca_file=ca_file), clock, _log_event)


def _log_event(event: Event) -> None:
    LOGGER.warning("%s %s", event.name, event.detail.get("reason", ""), extra={"event": event.name})
