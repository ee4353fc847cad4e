"""The metadata as bytes, made anew only when what it depends on has changed."""

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from authserver.bounded_wait import BoundedWait
from authserver.clock import monotonic_milliseconds
from authserver.discovery.metadata import Deployment, check_metadata, describe_deployment
from authserver.protocol.errors import TemporarilyUnavailable

_REST_MILLISECONDS = 2000
_LONGEST_READ_SECONDS = 0.25


@dataclass(slots=True)
class MetadataDocument:
    """Keeps the document of the deployment as `read_deployment` last described it.

    While that cannot be told, or not at once, the last document serves on; after a failure it is asked for again every
    other second.
    """

    read_deployment: Callable[[], Deployment]
    milliseconds: Callable[[], int] = monotonic_milliseconds
    _kept: tuple[Deployment, bytes] | None = field(default=None, repr=False)
    _failed_at: int | None = None
    _reading: BoundedWait = field(default_factory=lambda: BoundedWait(_LONGEST_READ_SECONDS), repr=False)

    def read(self) -> bytes:
        """Return the document; raises ValueError where Authlib's models refuse it."""
        kept = self._kept
        if kept is None:
            return self._describe(self.read_deployment())
        if not self._is_resting():
            self._reading.run(self._read_again)
        return (self._kept or kept)[1]

    def _read_again(self) -> None:
        try:
            self._describe(self.read_deployment())
        except TemporarilyUnavailable:
            self._failed_at = self.milliseconds()

    def _is_resting(self) -> bool:
        return self._failed_at is not None and self.milliseconds() < self._failed_at + _REST_MILLISECONDS

    def _describe(self, deployment: Deployment) -> bytes:
        kept = self._kept
        if kept is None or kept[0] != deployment:
            document = describe_deployment(deployment)
            check_metadata(document)
            kept = self._kept = (deployment, orjson.dumps(document))
        return kept[1]
