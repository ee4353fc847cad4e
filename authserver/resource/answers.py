"""What the issuer answers when it is asked about a token, and for how long that may be kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable

_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_NEVER = frozenset({"no-store", "no-cache"})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of introspection, and how many seconds it may be kept."""

    claims: Mapping[str, object] = field(repr=False)
    keep_seconds: int = 0

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
        "Access tokens cannot be checked just now.", reason=f"introspection: {reason}", clause="RFC7662-2.3"
    )
