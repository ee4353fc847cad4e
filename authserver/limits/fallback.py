"""What counts when the limits' storage cannot: this process alone, for a few seconds, and an event that says so."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from limits.storage import SlidingWindowCounterSupport, Storage

from authserver.clock import Clock, is_fresh
from authserver.events.catalogue import LIMITS_STORAGE_FAILED
from authserver.events.model import Event, EventSink
from authserver.limits.process import ProcessStorage

SCHEME = "authserver-limits"
_SECONDS_BETWEEN_ATTEMPTS = 5

_T = TypeVar("_T")


class WindowStorage(Protocol):
    """What a storage must do for the sliding window counter; SQLite, memory and Valkey storages all do."""

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count into a fixed window."""

    def get(self, key: str) -> int:
        """Return a fixed window's count."""

    def get_expiry(self, key: str) -> float:
        """Return when a fixed window ends."""

    def check(self) -> bool:
        """Say whether the storage works."""

    def reset(self) -> int | None:
        """Forget everything."""

    def clear(self, key: str) -> None:
        """Forget a fixed window."""

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take places in a sliding window if there are any."""

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return count and remaining seconds of the last and this window."""

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a sliding window."""


class FallbackStorage(Storage, SlidingWindowCounterSupport):
    """Counts in `primary`; while that fails, counts in this process's memory, so no limit opens and no page breaks.

    Each failure raises one `limits.storage_failed` event, at most every few seconds, since the primary is left alone
    for that long.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - the library's registry reads a list

    def __init__(self, _uri: str | None = None, *, primary: WindowStorage, events: EventSink, clock: Clock) -> None:
        super().__init__()
        self._primary = primary
        self._memory: WindowStorage = ProcessStorage(clock)
        self._events = events
        self._clock = clock
        self._failed_at: int | None = None

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Nothing is raised here that the library should wrap."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count into a fixed window."""
        return self._ask(lambda storage: storage.incr(key, expiry, amount))

    def get(self, key: str) -> int:
        """Return a fixed window's count."""
        return self._ask(lambda storage: storage.get(key))

    def get_expiry(self, key: str) -> float:
        """Return when a fixed window ends."""
        return self._ask(lambda storage: storage.get_expiry(key))

    def check(self) -> bool:
        """Say whether the primary works."""
        return self._primary.check()

    def reset(self) -> int | None:
        """Forget everything."""
        return self._ask(lambda storage: storage.reset())

    def clear(self, key: str) -> None:
        """Forget a fixed window."""
        self._ask(lambda storage: storage.clear(key))

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take places in a sliding window if there are any."""
        return self._ask(lambda storage: storage.acquire_sliding_window_entry(key, limit, expiry, amount))

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return count and remaining seconds of the last and this window."""
        return self._ask(lambda storage: storage.get_sliding_window(key, expiry))

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a sliding window."""
        self._ask(lambda storage: storage.clear_sliding_window(key, expiry))

    def _ask(self, question: Callable[[WindowStorage], _T]) -> _T:
        now = self._clock()
        if self._failed_at is None or not is_fresh(self._failed_at, _SECONDS_BETWEEN_ATTEMPTS, now):
            try:
                return question(self._primary)
            except Exception as error:  # noqa: BLE001 - each storage fails in its own way, and none may break a page
                self._failed_at = now
                self._events(Event(LIMITS_STORAGE_FAILED, now, detail={"exception": type(error).__name__}))
        return question(self._memory)
