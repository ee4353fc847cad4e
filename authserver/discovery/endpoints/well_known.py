"""The documents anyone may read: metadata and keys, kept as bytes."""

import hashlib
from collections.abc import Callable

from authserver.keys.jwks import JwksDocument
from authserver.values import Assembly
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import public_document

METADATA_MAX_AGE_SECONDS = 300
JWKS_MAX_AGE_SECONDS = 300


class Metadata(Assembly, frozen=True):
    """`GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`, one document for both.

    Spec: RFC8414-3, OIDCD-4
    """

    read: Callable[[], bytes]

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer with the metadata."""
        body = self.read()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return public_document(
            body, etag, max_age_seconds=METADATA_MAX_AGE_SECONDS, if_none_match=request.headers.get("if-none-match")
        )


class Jwks(Assembly, frozen=True):
    """`GET /jwks`: the public keys that sign, will sign, or signed of late; at `/jwks/archive`, those that did before.

    Spec: RFC7517-5, OIDCC-10.1.1
    """

    read: Callable[[], JwksDocument]

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer with the keys."""
        document = self.read()
        return public_document(
            document.body,
            document.etag,
            max_age_seconds=JWKS_MAX_AGE_SECONDS,
            if_none_match=request.headers.get("if-none-match"),
        )
