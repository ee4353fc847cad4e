"""Tokens that are good for one act, a payment: which of them were spent, so that none is spent twice."""

import hashlib
import heapq
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from authserver.clock import Expiry, monotonic_milliseconds
from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable
from authserver.resource.model import AccessToken, PresentedToken

_CAPACITY = 100_000
_REFUSAL = "The access token is not valid here."
_DOTS_OF_A_JWT = 2


class TokensSpent(Protocol):
    """Where spent tokens are remembered; an API of several processes needs a store that they share."""

    def claim(self, token_id: bytes, expires_at: int, now: int) -> bool:
        """Remember an id until that time; True for exactly one caller."""


class SpentMemory:
    """Remembers in this process alone, with a bound; when full of tokens still alive it refuses instead of forget."""

    def __init__(self, capacity: int = _CAPACITY, milliseconds: Callable[[], int] = monotonic_milliseconds) -> None:
        self._capacity = capacity
        self._milliseconds = milliseconds
        self._spent: set[bytes] = set()
        self._by_expiry: list[tuple[Expiry, bytes]] = []
        self._lock = Lock()

    def claim(self, token_id: bytes, expires_at: int, now: int) -> bool:
        """Remember an id until that time; True for exactly one caller."""
        with self._lock:
            while self._by_expiry and self._by_expiry[0][0].is_over(now, self._milliseconds()):
                self._spent.discard(heapq.heappop(self._by_expiry)[1])
            if token_id in self._spent:
                return False
            if len(self._spent) >= self._capacity:
                raise TemporarilyUnavailable(
                    "Too many requests at once.", reason="the memory of spent tokens is full", clause="RFC9396-9"
                )
            self._spent.add(token_id)
            heapq.heappush(self._by_expiry, (Expiry.of(expires_at, now, self._milliseconds()), token_id))
            return True


def spend_token(store: TokensSpent, token: AccessToken, presented: PresentedToken, now: int) -> None:
    """Spend a token that was checked; a second time it is no longer valid.

    Best done last before the act, after everything that may refuse: what is spent stays spent where the act then fails,
    so that it is never done twice, and the app asks the person again.

    Raises InvalidToken where it was spent before, or has expired since it was checked: a store forgets such a one.

    Spec: RFC6750-3.1, RFC9068-2.2
    """
    if token.expires_at <= now:
        raise InvalidToken(_REFUSAL, reason="expired since it was checked", clause="RFC9068-4-5")
    if not store.claim(_token_id(token, presented), token.expires_at, now):
        raise InvalidToken(_REFUSAL, reason="spent before", clause="RFC6750-3.1")


def _token_id(token: AccessToken, presented: PresentedToken) -> bytes:
    """Return the hash of the issuer and its `jti`, or of an opaque token itself.

    A JWT is known by its `jti` alone: the text can be written in more than one way under the same signature.

    Spec: RFC9068-2.2, RFC7662-2.2
    """
    jti = token.claims.get("jti")
    if isinstance(jti, str) and jti:
        return hashlib.sha256(f"jti {token.claims.get('iss')} {jti}".encode("utf-8", "surrogatepass")).digest()
    if presented.token.count(".") == _DOTS_OF_A_JWT:
        raise InvalidToken(_REFUSAL, reason="a JWT without a jti cannot be spent once", clause="RFC9068-2.2")
    return hashlib.sha256(f"token {presented.token}".encode()).digest()
