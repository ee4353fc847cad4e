"""Answers of introspection kept for a few seconds, where the issuer allows it: most requests then cost no network."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from functools import partial
from itertools import islice
from threading import Lock
from typing import Final, Protocol

import orjson

from authserver.clock import Clock
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.protocol.handles import hash_handle
from authserver.resource.introspection_response import Ended, IntrospectionResponse, unanswered
from authserver.values import Assembly, Hidden, replace

MOVE_NO_MONEY: Final = frozenset({"account_information", "funds_confirmation"})
"""The types of authorization details that an answer may tell of and be kept. Any other may be for a payment."""

_SECONDS = 10
_CAPACITY = 10_000
_TOGETHER = 1000
_LARGEST = 8 * 1024
# Longer than a question takes at most: who still waits then waits for an answer that will not come.
_PATIENCE_SECONDS = 10.0


class TokenIntrospector(Protocol):
    """Who is asked about tokens: `IntrospectedTokens`."""

    def ask(self, token: str) -> IntrospectionResponse:
        """Return the issuer's answer; raises TemporarilyUnavailable where there is none."""


Recheck = Callable[[Mapping[bytes, bytes]], Ended]
"""Says which kept answers no longer count, by the tokens' hashes and the answers' digests, and how long the others do:
`IntrospectedTokens.find_ended`."""


class _Kept(Assembly, frozen=True):
    """An answer as bytes, so that nobody can change what the next request reads, and for how long it counts."""

    claims: Hidden[bytes]
    digest: bytes
    asked_at: int
    seconds: int
    expires_at: int

    def is_fresh(self, now: int) -> bool:
        """Return whether it counts at that moment; a clock set back ends it."""
        return self.asked_at <= now < min(self.asked_at + self.seconds, self.expires_at)


class KeptAnswers:
    """Keeps answers about active tokens, as long as the issuer says and `seconds` at most; safe to share among threads.

    For that long a revoked token may pass. Kept under the token's hash and never the token, at most `capacity` of them,
    the one unused for longest going first. What is not active is not kept, nor what may be for a payment, whatever the
    issuer says. Of parallel questions about one token only one is asked. With `recheck`, answers whose time is over are
    asked about all together, and those that are still the issuer's answer count as long again as the issuer then says.
    Whoever uses this still holds scope, `cnf` and proof against each request.

    Spec: RFC7662-4, RFC9111-5.2.2
    """

    def __init__(
        self,
        source: TokenIntrospector,
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

        One thread asks, and the others wait for it, though not for ever. Where that fails, each token is asked about as
        if it were new.
        """
        if self._recheck is None or key not in self._kept:
            return None
        if not self._rechecking.acquire(timeout=_PATIENCE_SECONDS):
            raise unanswered("the answers that are kept are still being rechecked")
        try:
            renewed = self._look(key)
            if renewed is None and key in self._kept:  # or whoever asked before this thread has settled it
                self._recheck_together(self._recheck)
                renewed = self._look(key)
            return renewed
        finally:
            self._rechecking.release()

    def _recheck_together(self, recheck: Recheck) -> None:
        asked_at = self._clock()
        with self._lock:
            over = dict(
                islice((item for item in reversed(self._kept.items()) if not item[1].is_fresh(asked_at)), _TOGETHER)
            )
        outcome = Ended(frozenset(over))
        try:
            outcome = recheck({key: kept.digest for key, kept in over.items()})
        except TemporarilyUnavailable:
            pass  # they count no longer: each is then asked about by itself
        finally:
            self._settle(over, outcome, asked_at)

    def _settle(self, over: Mapping[bytes, _Kept], outcome: Ended, asked_at: int) -> None:
        seconds = min(outcome.keep_seconds, self._seconds)
        with self._lock:
            for key, kept in over.items():
                if self._kept.get(key) is not kept:
                    continue  # asked about anew meanwhile
                if key in outcome.token_hashes or seconds <= 0:
                    del self._kept[key]
                else:
                    self._kept[key] = replace(kept, asked_at=asked_at, seconds=seconds)

    def _ask_for_all(self, key: bytes, token: str, question: Future[None]) -> Mapping[str, object]:
        """Ask, and let those go on who wait for the same answer, whatever came of it."""
        asked_at = self._clock()
        settle: Callable[[], object] = question.cancel  # what stopped this thread is not for the others to raise
        try:
            answer = self._source.ask(token)
            self._keep(key, answer, asked_at)
            settle = partial(question.set_result, None)
        finally:
            with self._lock:
                del self._under_way[key]
            settle()
        return answer.active_claims()

    def _wait(self, key: bytes, question: Future[None]) -> _Kept | None:
        """Return what came of another's question, where it was kept.

        Raises TemporarilyUnavailable where it failed, or takes longer than any question should.
        """
        try:
            question.result(_PATIENCE_SECONDS)
        except CancelledError:
            raise unanswered("the same question just failed") from None
        except TimeoutError:
            raise unanswered("the same question is still under way") from None
        return self._look(key)

    def _keep(self, key: bytes, answer: IntrospectionResponse, asked_at: int) -> None:
        expires_at, seconds = answer.claims.get("exp"), min(answer.keep_seconds, self._seconds)
        if not answer.is_active or not isinstance(expires_at, int) or seconds <= 0 or _may_pay(answer.claims):
            return
        try:
            claims = orjson.dumps(answer.claims)
        except orjson.JSONEncodeError:
            return  # JSON that nests deeper can be read than can be written
        if len(claims) > _LARGEST:
            return
        with self._lock:
            self._kept[key] = _Kept(claims, answer.digest, asked_at, seconds, expires_at)
            self._kept.move_to_end(key)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)


def _may_pay(claims: Mapping[str, object]) -> bool:
    """Return whether a token may move money: it has a detail of a type that is not known to move none.

    Asked here too, and not only of the issuer: a mandate that was taken back must pay nothing.

    Spec: RFC7662-4, RTS-SCA-5.1
    """
    details = claims.get("authorization_details") or []
    types = (
        [each.get("type") if isinstance(each, dict) else None for each in details]
        if isinstance(details, list)
        else [None]
    )
    return not all(isinstance(name, str) and name in MOVE_NO_MONEY for name in types)
