"""What the issuer answers when it is asked about a token, and for how long that may be kept."""

import hashlib
import re
from collections.abc import Mapping

from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable
from authserver.values import Hidden, Value

_DIGEST_BYTES = 12
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_NEVER = frozenset({"no-store", "no-cache"})


class IntrospectionResponse(Value, frozen=True):
    """One answer of introspection, how many seconds it may be kept, and the digest by which it is asked about again."""

    claims: Hidden[Mapping[str, object]]
    keep_seconds: int = 0
    digest: bytes = b""

    @property
    def is_active(self) -> bool:
        """Return whether the token is good; whatever is not the truth value itself says no.

        Spec: RFC7662-2.2
        """
        return self.claims.get("active") is True

    def active_claims(self) -> Mapping[str, object]:
        """Return what is told of an active token; raises InvalidToken where it is not active.

        Spec: RFC7662-2.2, RFC9068-4-6
        """
        if not self.is_active:
            raise InvalidToken("The access token is not valid here.", reason="not active", clause="RFC7662-2.2")
        return self.claims


class Ended(Value, frozen=True):
    """Which kept answers no longer count, by the hashes of their tokens, and how many seconds the others do."""

    token_hashes: frozenset[bytes]
    keep_seconds: int = 0


def digest_of(body: bytes) -> bytes:
    """Return what names an answer when it is asked whether it is still the answer: 12 octets of its SHA-256."""
    return hashlib.sha256(body).digest()[:_DIGEST_BYTES]


def read_max_age(cache_control: str) -> int:
    """Return for how many seconds an answer may be kept; none where that is not said once and plainly.

    Spec: RFC9111-5.2.2, RFC7662-4
    """
    directives = [directive.strip().lower() for directive in cache_control.split(",")]
    stated = [found[1] for directive in directives if (found := _MAX_AGE.fullmatch(directive))]
    return int(stated[0]) if len(stated) == 1 and _NEVER.isdisjoint(directives) else 0


def unanswered(reason: str) -> TemporarilyUnavailable:
    """Return the refusal for want of an answer: nothing passes on the strength of one that never came.

    Spec: RFC7662-2.3
    """
    return TemporarilyUnavailable(
        "Access tokens cannot be checked at the moment. Try again later.",
        reason=f"introspection: {reason}",
        clause="RFC7662-2.3",
    )
