"""Whether the process lives, and whether it can work."""

from collections.abc import Callable
from dataclasses import dataclass

from authserver.web.machine import MachineRequest, MachineResponse
from authserver.web.responses import json_no_store

_UNAVAILABLE = 503


def healthz(_request: MachineRequest) -> MachineResponse:
    """Answer that the process lives; looks at nothing else."""
    return json_no_store({"status": "ok"})


@dataclass(frozen=True, slots=True)
class Readiness:
    """`GET /readyz`: each named check answers true where that part can work."""

    checks: tuple[tuple[str, Callable[[], bool]], ...]

    def __call__(self, _request: MachineRequest) -> MachineResponse:
        """Answer 200 where every check holds, else 503 with the names of those that do not."""
        failed = [name for name, holds in self.checks if not holds()]
        if failed:
            return json_no_store({"status": "unavailable", "failed": failed}, status=_UNAVAILABLE)
        return json_no_store({"status": "ok"})
