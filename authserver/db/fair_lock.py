"""Turns: a lock that serves threads in the order they came."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from authserver.protocol.errors import TemporarilyUnavailable


class FairLock:
    """One thread at a time, first come, first served, none waiting longer than `patience_seconds`.

    Python's own lock lets the thread that has just let go take it again at once, so a waiter can starve under load.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False
        self._owner: int | None = None

    @contextmanager
    def turn(self, patience_seconds: float | None = None) -> Iterator[None]:
        """Wait for the turn and hold it; raise TemporarilyUnavailable if it does not come in time.

        `patience_seconds` stands for this once in the place of what was said in general.
        Raises RuntimeError for a thread that already holds it: waiting for oneself never ends.
        """
        if self._owner == threading.get_ident():
            raise RuntimeError("a transaction is already open in this thread; pass its connection on")
        if not self._take(self._patience_seconds if patience_seconds is None else patience_seconds):
            raise TemporarilyUnavailable(
                "The server is busy. Try again.", reason="no turn to write came in time", clause="RFC9110-15.6.4"
            )
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None
            self._pass_on()

    def _take(self, patience_seconds: float) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        return mine.acquire(timeout=patience_seconds) or not self._leave(mine)

    def _leave(self, mine: threading.Lock) -> bool:
        """Leave the queue; answer False if the turn was handed over in that very moment, and so is ours."""
        with self._guard:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
