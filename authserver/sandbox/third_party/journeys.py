"""The connections under way, each kept for the one browser that began it."""

import secrets
from collections import OrderedDict
from threading import Lock

from authserver.sandbox.third_party.journey import Journey
from authserver.values import Assembly, Hidden

COOKIE = "__Host-planner"
_MOST = 200


class StoredJourney(Assembly, frozen=True):
    """A journey with the token that its forms carry, and a lock: one thing at a time happens in it."""

    journey: Journey
    form_token: Hidden[str]
    lock: Lock


class Journeys:
    """Keeps journeys in memory, under a random cookie value; the oldest give way."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, StoredJourney] = OrderedDict()
        self._lock = Lock()

    def keep(self, journey: Journey) -> str:
        """Keep a new journey and return its cookie's value."""
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._held[cookie] = StoredJourney(journey, secrets.token_urlsafe(32), Lock())
            if len(self._held) > _MOST:
                self._held.popitem(last=False)
        return cookie

    def find(self, cookie: str | None) -> StoredJourney | None:
        """Return the journey of a cookie, or None."""
        return self._held.get(cookie or "")
