"""Answers of introspection kept for a few seconds, where the issuer allows it: most requests then cost no network."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Lock
from typing import Protocol

import orjson

from authserver.clock import Clock
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.protocol.handles import hash_handle
from authserver.resource.answers import Answer, unanswered

_SECONDS = 10
_CAPACITY = 10_000
_TOGETHER = 1000
_LARGEST = 8 * 1024


class Asked(Protocol):
    """Who is asked about tokens: `IntrospectedTokens`."""

    def ask(self, token: str) -> Answer:
        """Return the issuer's answer; raises TemporarilyUnavailable where there is none."""


Recheck = Callable[[Sequence[bytes]], frozenset[bytes]]
"""Says which of several tokens, by their hashes, are no longer good: `IntrospectedTokens.find_ended`."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer as bytes, so that nobody can change what the next request reads, and for how long it counts."""

    claims: bytes = field(repr=False)
    asked_at: int
    seconds: int
    expires_at: int

    def is_fresh(self, now: int) -> bool:
        """Return whether it counts at that moment; a clock set back ends it."""
        return self.asked_at <= now < min(self.asked_at + self.seconds, self.expires_at)


class KeptAnswers:
    """Keeps answers about active tokens, as long as the issuer says and `seconds` at most; safe to share among threads.

    For that long a revoked token may pass. Kept under the token's hash and never the token, at most `capacity` of them,
    the one unused for longest going first. What is not active is not kept. Of parallel questions about one token only
    one is asked. With `recheck`, answers whose time is over are asked about all together, and those that still hold
    count as long again. Whoever uses this still holds scope, `cnf` and proof against each request.

    Spec: RFC7662-4, RFC9111-5.2.2
    """

    def __init__(
        self,
        source: Asked,
        clock: Clock,
        *,
        seconds: int = _SECONDS,
        capacity: int = _CAPACITY,
        recheck: Recheck | None = None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._seconds = seconds
        self._capacity = capacity
        self._recheck = recheck
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._under_way: dict[bytes, Future[None]] = {}
        self._lock = Lock()
        self._rechecking = Lock()

    def __repr__(self) -> str:
        return f"KeptAnswers({self._source!r}, {self._seconds} s)"

    def find_claims(self, token: str) -> Mapping[str, object]:
        """Return what the issuer says, or said a moment ago, of a token.

        Raises InvalidToken where it is not active, TemporarilyUnavailable where there is no answer.

        Spec: RFC7662-2.2, RFC7662-4
        """
        key = hash_handle(token)
        kept = self._look(key) or self._renew(key)
        if kept is None:
            own: Future[None] = Future()
            with self._lock:
                kept = self._find(key)
                question = own if kept is not None else self._under_way.setdefault(key, own)
            if kept is None and question is own:
                return self._ask_for_all(key, token, own)
            kept = kept or self._wait(key, question)
        if kept is None:
            return self._source.ask(token).active_claims()  # what may not be kept is not for another request either
        claims: Mapping[str, object] = orjson.loads(kept.claims)
        return claims

    def _look(self, key: bytes) -> _Kept | None:
        with self._lock:
            return self._find(key)

    def _find(self, key: bytes) -> _Kept | None:
        """Return an answer that counts now; the lock is held."""
        kept, now = self._kept.get(key), self._clock()
        if kept is None:
            return None
        self._kept.move_to_end(key)
        if kept.is_fresh(now):
            return kept
        if self._recheck is None or now >= kept.expires_at:
            del self._kept[key]
        return None

    def _renew(self, key: bytes) -> _Kept | None:
        """Ask about all answers whose time is over, together, and return the one that this makes count again.

        One thread asks, and the others wait for it. Where that fails, each token is asked about as if it were new.
        """
        if self._recheck is None or key not in self._kept:
            return None
        with self._rechecking:
            renewed = self._look(key)
            if renewed is not None:
                return renewed
            asked_at = self._clock()
            with self._lock:
                recent = islice(reversed(self._kept.items()), _TOGETHER)
                over = {each: kept for each, kept in recent if not kept.is_fresh(asked_at)}
            try:
                ended = self._recheck(tuple(over))
            except TemporarilyUnavailable:
                ended = frozenset(over)
            self._settle(over, ended, asked_at)
        return self._look(key)

    def _settle(self, over: Mapping[bytes, _Kept], ended: frozenset[bytes], asked_at: int) -> None:
        with self._lock:
            for key, kept in over.items():
                if self._kept.get(key) is not kept:
                    continue  # asked about anew meanwhile
                if key in ended:
                    del self._kept[key]
                else:
                    self._kept[key] = replace(kept, asked_at=asked_at)

    def _ask_for_all(self, key: bytes, token: str, question: Future[None]) -> Mapping[str, object]:
        """Ask, and let those go on who wait for the same answer."""
        asked_at = self._clock()
        try:
            answer = self._source.ask(token)
        except BaseException:
            self._end(key)
            question.cancel()  # what stopped this thread is not for the others to raise
            raise
        self._keep(key, answer, asked_at)
        self._end(key)
        question.set_result(None)
        return answer.active_claims()

    def _wait(self, key: bytes, question: Future[None]) -> _Kept | None:
        """Return what came of another's question, where it was kept; raises TemporarilyUnavailable where it failed."""
        try:
            question.result()
        except CancelledError:
            raise unanswered("the same question just failed") from None
        return self._look(key)

    def _keep(self, key: bytes, answer: Answer, asked_at: int) -> None:
        expires_at, seconds = answer.claims.get("exp"), min(answer.keep_seconds, self._seconds)
        if not answer.is_active or not isinstance(expires_at, int) or seconds <= 0:
            return
        claims = orjson.dumps(answer.claims)
        if len(claims) > _LARGEST:
            return
        with self._lock:
            self._kept[key] = _Kept(claims, asked_at, seconds, expires_at)
            self._kept.move_to_end(key)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)

    def _end(self, key: bytes) -> None:
        with self._lock:
            del self._under_way[key]
