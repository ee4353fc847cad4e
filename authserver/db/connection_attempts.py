"""Connections that are being opened, each in a thread of its own, so that nobody waits for one beyond a deadline."""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_T = TypeVar("_T")


class _Opening(Generic[_T]):
    """One connection on its way; `outcome` holds it, or the error, for whoever waits for it at its end."""

    __slots__ = ("has_ended", "outcome")

    def __init__(self) -> None:
        self.has_ended = False
        self.outcome: SimpleQueue[_T | Exception] = SimpleQueue()


class ConnectionAttempts(Generic[_T]):
    """Opens connections; what bounds the opening itself need not be what bounds those who wait for it.

    A name that is not resolved, or a server that accepts and says nothing, may hold an opening for seconds, whatever
    the caller has left. So an opening goes on without who began it: the next who wants one takes it over, and `keep` is
    given what comes of it where nobody waits any more. No more of them are under way than were ever waited for at once.
    """

    def __init__(self, open_one: Callable[[], _T], keep: Callable[[_T], None]) -> None:
        self._open_one = open_one
        self._keep = keep
        self._lock = Lock()
        self._left: list[_Opening[_T]] = []

    def open(self, deadline: float) -> _T:
        """Return a new connection; raises what opening it raised, and SQLAlchemy's TimeoutError at the deadline."""
        with self._lock:
            opening = self._left.pop(0) if self._left else None
        if opening is None:
            opening = self._begin()
        try:
            outcome = opening.outcome.get(timeout=max(0.0, deadline - monotonic()))
        except Empty:
            if self._leave(opening):
                raise PoolTimeoutError("no connection could be opened in time") from None
            outcome = opening.outcome.get()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _begin(self) -> _Opening[_T]:
        opening: _Opening[_T] = _Opening()
        Thread(target=self._run, args=(opening,), name="database-opening", daemon=True).start()
        return opening

    def _run(self, opening: _Opening[_T]) -> None:
        outcome: _T | Exception
        try:
            outcome = self._open_one()
        except Exception as error:  # noqa: BLE001 - raised anew in the thread that waits
            outcome = error
        with self._lock:
            opening.has_ended = True
            is_left = opening in self._left
            if is_left:
                self._left.remove(opening)
        if not is_left:
            opening.outcome.put(outcome)
        elif not isinstance(outcome, Exception):
            self._keep(outcome)

    def _leave(self, opening: _Opening[_T]) -> bool:
        """Let an opening go on alone; return False if it ended in that very moment, and is the caller's."""
        with self._lock:
            if not opening.has_ended:
                self._left.append(opening)
            return not opening.has_ended
