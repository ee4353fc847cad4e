"""Looking something up in a thread beside the request that wants it, which waits for it a moment and no longer."""

from collections.abc import Callable
from threading import Lock, Thread


class BoundedWait:
    """Runs one look-up at a time; nobody waits for it longer than some seconds, since what is kept serves meanwhile."""

    __slots__ = ("_lock", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = Lock()

    def run(self, look_up: Callable[[], object]) -> None:
        """Run it unless one is under way, and return when it has ended or the time is over; it then goes on by itself.

        Raises what it raised within that time.
        """
        if not self._lock.acquire(blocking=False):
            return
        failures: list[Exception] = []

        def look() -> None:
            try:
                look_up()
            except Exception as error:  # noqa: BLE001 - raised anew in the thread that waits
                failures.append(error)
            finally:
                self._lock.release()

        thread = Thread(target=look, name="look-up", daemon=True)
        thread.start()
        thread.join(self._seconds)
        if failures:
            raise failures[0]
