"""Counters in the memory of one process: what counts while the limits' storage is away."""

from collections import OrderedDict
from threading import Lock

from authserver.clock import Clock, is_fresh

MOST_COUNTERS = 50_000
"""Of about 250 octets each."""


class ProcessStorage:
    """Counters for the fixed window and the sliding window counter, so many at most.

    Beyond that the one that was counted or asked about longest ago makes room. The `limits` library's own storage in
    memory keeps every key until its window ends, and looks through all of them a hundred times a second.
    """

    def __init__(self, clock: Clock, most: int = MOST_COUNTERS) -> None:
        self._clock = clock
        self._most = most
        self._lock = Lock()
        self._counters: OrderedDict[str, tuple[int, int, int]] = OrderedDict()
        """By key: the count, since when it counts, and for how many seconds."""

    def __len__(self) -> int:
        return len(self._counters)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count into a fixed window and return its count."""
        now = self._clock()
        with self._lock:
            hits, since, seconds = self._find(key, now) or (0, now, expiry)
            return self._set(key, (hits + amount, since, seconds))

    def get(self, key: str) -> int:
        """Return a fixed window's count."""
        with self._lock:
            found = self._find(key, self._clock())
        return found[0] if found else 0

    def get_expiry(self, key: str) -> float:
        """Return when a fixed window ends."""
        now = self._clock()
        with self._lock:
            found = self._find(key, now)
        return found[1] + found[2] if found else now

    def check(self) -> bool:
        """Say that the storage works."""
        return True

    def reset(self) -> int:
        """Forget everything and return how many counters there were."""
        with self._lock:
            count = len(self._counters)
            self._counters.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget a fixed window."""
        with self._lock:
            self._counters.pop(key, None)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take `amount` places if the weighted count of the last and this window leaves room."""
        now = self._clock()
        window, elapsed = divmod(now, expiry)
        with self._lock:
            previous, current = self._windows(key, window, now)
            if int(previous * (expiry - elapsed) / expiry) + current + amount > limit:
                return False
            self._set(f"{key}/{window}", (current + amount, window * expiry, 2 * expiry))
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the count and the remaining seconds of the last and of this window."""
        now = self._clock()
        window, elapsed = divmod(now, expiry)
        with self._lock:
            previous, current = self._windows(key, window, now)
        return previous, float(expiry - elapsed), current, float(2 * expiry - elapsed)

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget the last and this window."""
        window = self._clock() // expiry
        with self._lock:
            self._counters.pop(f"{key}/{window - 1}", None)
            self._counters.pop(f"{key}/{window}", None)

    def _windows(self, key: str, window: int, now: int) -> tuple[int, int]:
        previous, current = self._find(f"{key}/{window - 1}", now), self._find(f"{key}/{window}", now)
        return previous[0] if previous else 0, current[0] if current else 0

    def _find(self, key: str, now: int) -> tuple[int, int, int] | None:
        """Return a counter that has not ended; whoever is over their limit keeps it by coming again."""
        found = self._counters.get(key)
        if found is None or not is_fresh(found[1], found[2], now):
            return None
        self._counters.move_to_end(key)
        return found

    def _set(self, key: str, counter: tuple[int, int, int]) -> int:
        self._counters[key] = counter
        self._counters.move_to_end(key)
        if len(self._counters) > self._most:
            self._counters.popitem(last=False)
        return counter[0]
