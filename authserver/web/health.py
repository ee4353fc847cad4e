"""Whether the process lives, and whether it can work."""

from collections.abc import Callable
from threading import Lock

from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import json_no_store

_UNAVAILABLE = 503
_KEPT_MILLISECONDS = 1000


def healthz(_request: MachineRequest) -> MachineResponse:
    """Answer that the process lives; looks at nothing else."""
    return json_no_store({"status": "ok"})


class Readiness:
    """`GET /readyz`: each named check answers true where that part can work.

    The checks are asked once a second at most, by one thread at a time: whoever asks meanwhile gets the last answer.
    `milliseconds` is a clock that never goes back.
    """

    def __init__(self, checks: tuple[tuple[str, Callable[[], bool]], ...], milliseconds: Callable[[], int]) -> None:
        self._checks = checks
        self._milliseconds = milliseconds
        self._lock = Lock()
        self._last: tuple[int, tuple[str, ...]] | None = None

    def __call__(self, _request: MachineRequest) -> MachineResponse:
        """Answer 200 where every check holds, else 503 with the names of those that do not."""
        failed = self._failed()
        if failed:
            return json_no_store({"status": "unavailable", "failed": failed}, status=_UNAVAILABLE)
        return json_no_store({"status": "ok"})

    def _failed(self) -> tuple[str, ...]:
        last = self._last
        if last is not None and self._milliseconds() < last[0] + _KEPT_MILLISECONDS:
            return last[1]
        if not self._lock.acquire(blocking=last is None):
            return last[1] if last is not None else ()
        try:
            failed = tuple(name for name, holds in self._checks if not holds())
            self._last = self._milliseconds(), failed
        finally:
            self._lock.release()
        return failed
