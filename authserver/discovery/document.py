"""The metadata as bytes, made anew only when what it depends on has changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import orjson

from authserver.clock import monotonic_milliseconds
from authserver.discovery.metadata import Deployment, check_metadata, describe_deployment
from authserver.protocol.errors import TemporarilyUnavailable

_REST_MILLISECONDS = 2000
_LONGEST_READ_SECONDS = 0.25


@dataclass(slots=True)
class MetadataDocument:
    """Keeps the document of the deployment as `read_deployment` last described it.

    While that cannot be told, the last document serves on, and it is asked for again every other second.
    """

    read_deployment: Callable[[], Deployment]
    milliseconds: Callable[[], int] = monotonic_milliseconds
    _kept: tuple[Deployment, bytes] | None = field(default=None, repr=False)
    _failed_at: int | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def read(self) -> bytes:
        """Return the document; raises ValueError where Authlib's models refuse it."""
        kept = self._kept
        if kept is None:
            return self._describe(self.read_deployment())
        if self._is_resting() or not self._lock.acquire(timeout=_LONGEST_READ_SECONDS):
            return kept[1]
        try:
            return self._describe(self.read_deployment())
        except TemporarilyUnavailable:
            self._failed_at = self.milliseconds()
            return kept[1]
        finally:
            self._lock.release()

    def _is_resting(self) -> bool:
        return self._failed_at is not None and self.milliseconds() < self._failed_at + _REST_MILLISECONDS

    def _describe(self, deployment: Deployment) -> bytes:
        kept = self._kept
        if kept is None or kept[0] != deployment:
            document = describe_deployment(deployment)
            check_metadata(document)
            kept = self._kept = (deployment, orjson.dumps(document))
        return kept[1]
