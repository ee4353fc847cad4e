"""The metadata as bytes, made anew only when what it depends on has changed."""

from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from authserver.discovery.metadata import Deployment, check_metadata, describe_deployment


@dataclass(slots=True)
class MetadataDocument:
    """Keeps the document of the deployment as `read_deployment` last described it."""

    read_deployment: Callable[[], Deployment]
    _kept: tuple[Deployment, bytes] | None = field(default=None, repr=False)

    def read(self) -> bytes:
        """Return the document; raises ValueError where Authlib's models refuse it."""
        deployment = self.read_deployment()
        kept = self._kept
        if kept is None or kept[0] != deployment:
            document = describe_deployment(deployment)
            check_metadata(document)
            kept = self._kept = (deployment, orjson.dumps(document))
        return kept[1]
