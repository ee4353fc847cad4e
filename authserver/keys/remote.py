"""The keys that clients publish at their `jwks_uri`: fetched when first needed, remembered, looked up again sparingly.

Each fetch has a thread of its own, so that a server which says nothing holds no thread that answers requests.

Spec: RFC7591-2, OIDCC-10.1.1
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import BoundedSemaphore, Event, Lock, Thread

from authserver.clock import Clock, is_fresh
from authserver.events import model as events
from authserver.events.catalogue import JWKS_FETCH_FAILED
from authserver.keys.compact import read_json
from authserver.keys.jwks import parse_jwks
from authserver.keys.model import EMPTY_KEYS, PublicKeys
from authserver.outbound.fetch import FetchRefused, SafeFetcher

_FRESH_SECONDS = 600
_RETRY_SECONDS = 60
_LONGEST_RETRY_SECONDS = 300
_USABLE_SECONDS = 86_400
_MOST_URLS = 10_000  # as many as there are clients whose registration is kept in memory
_MOST_FETCHES = 64
_PATIENCE_SECONDS = 1.0


@dataclass(slots=True)
class _Entry:
    """What is known of one URL; `tried_at` counts failures too, and so caches them.

    `ended` is set once the fetch under way has ended, and None where there is none. `dallied` says that the last fetch
    outlasted those who waited for it.
    """

    keys: PublicKeys = EMPTY_KEYS
    fetched_at: int | None = None
    tried_at: int | None = None
    failures: int = 0
    ended: Event | None = None
    dallied: bool = False

    def is_wanting(self, kid: str | None, now: int) -> bool:
        """Tell whether the keys are old, or know no such kid."""
        return not _within(self.fetched_at, _FRESH_SECONDS, now) or (kid is not None and kid not in self.keys.kids())

    def may_ask(self, now: int) -> bool:
        """Tell whether to ask again: never twice within a minute, and less often the more often it failed."""
        pause = min(_RETRY_SECONDS << max(0, self.failures - 1), _LONGEST_RETRY_SECONDS)
        return not _within(self.tried_at, pause, now)

    def usable_keys(self, now: int) -> PublicKeys:
        """Return the last good keys, for a day at most: a key withdrawn must not live on behind a dead URL."""
        return self.keys if _within(self.fetched_at, _USABLE_SECONDS, now) else EMPTY_KEYS


def _within(since: int | None, seconds: int, now: int) -> bool:
    """Tell whether a moment lies no longer ago than that; after a clock was set back, one in the future does not."""
    return since is not None and is_fresh(since, seconds, now)


class RemoteKeys:
    """Answers with the keys behind a URL; safe to share between threads.

    May wait a second on the network: ask before a transaction is opened, never inside one. No more than `most_waiting`
    callers wait at a time, and none for a URL that kept others waiting in vain: the rest are answered at once with the
    keys there are. `most_urls` are remembered, those used last. Each failure is told to `on_event` as
    `jwks.fetch_failed`.
    """

    def __init__(
        self,
        fetcher: SafeFetcher,
        clock: Clock,
        on_event: events.EventSink = lambda _event: None,
        *,
        most_waiting: int = 8,
        most_urls: int = _MOST_URLS,
    ) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._on_event = on_event
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = Lock()
        self._most_urls = most_urls
        self._waiting = BoundedSemaphore(most_waiting)
        self._fetches = BoundedSemaphore(_MOST_FETCHES)

    def keys(self, url: str, kid: str | None) -> PublicKeys:
        """Return the keys at a URL, fetched again if they are old or know no such kid; none if they cannot be had."""
        entry = self._entry(url)
        if entry.is_wanting(kid, self._clock()):
            self._look(url, entry)
        return entry.usable_keys(self._clock())

    def newer_keys(self, url: str, than: PublicKeys) -> PublicKeys | None:
        """Return what is published now in place of keys that did not fit, or None where that cannot be told.

        A key without a kid, and a certificate, can be replaced without a name to miss it by. Asks as seldom as `keys`.

        Spec: RFC8705-2.2.2
        """
        entry = self._entry(url)
        if entry.keys is than:
            self._look(url, entry)
        newer = entry.usable_keys(self._clock())
        return None if newer is than else newer

    def is_fetching(self, url: str) -> bool:
        """Tell whether an answer may come yet: a fetch is under way, or had to wait for others."""
        entry = self._entry(url)
        return entry.ended is not None or entry.may_ask(self._clock())

    def _entry(self, url: str) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(url, _Entry())
            self._entries.move_to_end(url)
            if len(self._entries) > self._most_urls:
                self._forget_one(entry)
            return entry

    def _forget_one(self, kept: _Entry) -> None:
        """Forget the URL that was asked for longest ago, but none that is being fetched: it would be fetched twice."""
        resting = (url for url, entry in self._entries.items() if entry.ended is None and entry is not kept)
        forgotten = next(resting, None)
        if forgotten is not None:
            del self._entries[forgotten]

    def _look(self, url: str, entry: _Entry) -> None:
        """See to it that a fetch is under way, if one may be, and wait for it where there is a place to wait."""
        ended = self._start(url, entry)
        if ended is None or entry.dallied or not self._waiting.acquire(blocking=False):
            return
        try:
            entry.dallied = not ended.wait(_PATIENCE_SECONDS)
        finally:
            self._waiting.release()

    def _start(self, url: str, entry: _Entry) -> Event | None:
        """Return what tells the end of the fetch under way, begun now where there is none; None where none may be."""
        with self._lock:
            if entry.ended is not None:
                return entry.ended
            if not entry.may_ask(self._clock()) or not self._fetches.acquire(blocking=False):
                return None
            entry.tried_at = self._clock()
            ended = entry.ended = Event()
        try:
            Thread(target=self._fetch, args=(url, entry, ended), name="fetch-jwks", daemon=True).start()
        except RuntimeError:  # the system has no thread to give now
            self._end(entry, ended)
            return None
        return ended

    def _fetch(self, url: str, entry: _Entry, ended: Event) -> None:
        tried_at = self._clock() if entry.tried_at is None else entry.tried_at
        try:
            keys = parse_jwks(read_json(self._fetcher.fetch(url)))
            entry.keys, entry.fetched_at, entry.failures, entry.dallied = keys, tried_at, 0, False
        except Exception as error:  # noqa: BLE001 - nobody is above this thread to hear of any other
            entry.failures += 1
            reason = str(error) if isinstance(error, FetchRefused | ValueError) else type(error).__name__
            self._on_event(events.Event(JWKS_FETCH_FAILED, tried_at, detail={"reason": reason}))
        finally:
            self._end(entry, ended)

    def _end(self, entry: _Entry, ended: Event) -> None:
        """Give the place of a fetch back, and let those go on who wait for it."""
        self._fetches.release()
        entry.ended = None
        ended.set()
