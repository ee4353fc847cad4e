"""Who may wait for the database: not every thread, once it keeps somebody waiting."""

from threading import get_ident
from time import monotonic

from authserver.protocol.errors import TemporarilyUnavailable

_STALL_SECONDS = 1.0


class Admission:
    """Keeps a thread free for what needs no database, such as health checks and the key set.

    `threads` is how many the process has. While the database answers, all of them may use it at once. Whoever takes the
    last one may wait for a second alone, and nobody takes it while another waits for longer than that, or did last.
    """

    __slots__ = ("_is_stalled", "_patience_seconds", "_places", "_since")

    def __init__(self, threads: int, patience_seconds: float) -> None:
        self._places = max(1, threads - 1)
        self._patience_seconds = patience_seconds
        self._since: dict[int, float] = {}
        self._is_stalled = False

    def enter(self, patience_seconds: float | None = None) -> tuple[bool, float]:
        """Enter, and return whether `leave` is due, and until when this thread may wait, by the monotonic clock.

        `patience_seconds` stands for this once in the place of what was said in general. `leave` is not due inside of
        another use by the same thread. Raises TemporarilyUnavailable at once where the last thread would be taken and
        the database is known to answer nobody.
        """
        thread, since, now = get_ident(), self._since, monotonic()
        if patience_seconds is None:
            patience_seconds = self._patience_seconds
        if thread in since:
            return False, now + patience_seconds
        if len(since) >= self._places:
            patience_seconds = min(_STALL_SECONDS, patience_seconds)
            if self._is_stalled or now - min(list(since.values()), default=now) > _STALL_SECONDS:
                raise TemporarilyUnavailable(
                    "The server cannot answer at the moment. Try again.",
                    reason="all threads but one wait for the database",
                    clause="RFC9110-15.6.4",
                )
        since[thread] = now
        return True, now + patience_seconds

    def leave(self) -> None:
        """Leave, in the thread that entered."""
        now = monotonic()
        self._is_stalled = now - self._since.pop(get_ident(), now) > _STALL_SECONDS
