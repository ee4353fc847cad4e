"""The keys that clients publish at their `jwks_uri`: fetched when first needed, remembered, looked up again sparingly.

Spec: RFC7591-2, OIDCC-10.1.1
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from authserver.clock import Clock
from authserver.events import Event, EventSink
from authserver.keys.compact import read_json
from authserver.keys.fetch import FetchRefused, SafeFetcher
from authserver.keys.jwks import parse_jwks
from authserver.keys.model import EMPTY_KEYS, PublicKeys

_FRESH_SECONDS = 600
_RETRY_SECONDS = 60
_USABLE_SECONDS = 86_400
_URLS_REMEMBERED = 1024


@dataclass(slots=True)
class _Entry:
    """What is known of one URL; `tried_at` counts failures too, and so caches them."""

    keys: PublicKeys = EMPTY_KEYS
    fetched_at: int | None = None
    tried_at: int | None = None
    lock: Lock = field(default_factory=Lock)

    def needs_fetch(self, kid: str | None, now: int) -> bool:
        """Decide whether to ask again: never twice within a minute, whoever names whatever unknown kid."""
        if self.tried_at is not None and now < self.tried_at + _RETRY_SECONDS:
            return False
        is_stale = self.fetched_at is None or now >= self.fetched_at + _FRESH_SECONDS
        return is_stale or (kid is not None and kid not in self.keys.kids())

    def usable_keys(self, now: int) -> PublicKeys:
        """Return the last good keys, for a day at most: a key withdrawn must not live on behind a dead URL."""
        if self.fetched_at is None or now >= self.fetched_at + _USABLE_SECONDS:
            return EMPTY_KEYS
        return self.keys


class RemoteKeys:
    """Answers with the keys behind a URL; safe to share between threads.

    May spend seconds on the network: ask before a transaction is opened, never inside one. Each failure is told to
    `on_event` as `jwks.fetch_failed`.
    """

    def __init__(self, fetcher: SafeFetcher, clock: Clock, on_event: EventSink = lambda _event: None) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._on_event = on_event
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = Lock()

    def keys(self, url: str, kid: str | None) -> PublicKeys:
        """Return the keys at a URL, fetched again if they are old or know no such kid; none if they cannot be had."""
        entry = self._entry(url)
        # Whoever finds a fetch under way takes the keys there are, and waits only if there are none.
        if entry.lock.acquire(blocking=not entry.keys):
            try:
                if entry.needs_fetch(kid, self._clock()):
                    self._fetch(url, entry)
            finally:
                entry.lock.release()
        return entry.usable_keys(self._clock())

    def _entry(self, url: str) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(url, _Entry())
            self._entries.move_to_end(url)
            if len(self._entries) > _URLS_REMEMBERED:
                self._entries.popitem(last=False)
            return entry

    def _fetch(self, url: str, entry: _Entry) -> None:
        entry.tried_at = self._clock()
        try:
            entry.keys = parse_jwks(read_json(self._fetcher.fetch(url)))
        except (FetchRefused, ValueError) as error:
            self._on_event(Event("jwks.fetch_failed", entry.tried_at, detail={"reason": str(error)}))
            return
        entry.fetched_at = entry.tried_at
