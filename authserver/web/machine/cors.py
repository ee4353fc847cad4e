"""What a browser is told about scripts of other sites: which of them may ask, and read the answer.

No credentials of the browser's own are ever allowed: cookies are for our pages alone.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

from authserver.protocol.errors import OAuthError
from authserver.values import Assembly
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import Headers

_NO_CONTENT: Final = 204
_ALLOWED_HEADERS: Final = "authorization, content-type, dpop, mcp-protocol-version"
_EXPOSED_HEADERS: Final = "DPoP-Nonce, Retry-After, WWW-Authenticate, X-Correlation-Id"
_PREFLIGHT_SECONDS: Final = "600"
_ANYONE: Headers = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "X-Correlation-Id"))
_VARY: Headers = (("Vary", "Origin"),)


class Readers(Enum):
    """Whose scripts may read the answers of an endpoint."""

    NOBODY = "nobody"
    REGISTERED = "registered"
    ANYONE = "anyone"


class CrossOrigin(Assembly, frozen=True):
    """Answers what browsers ask; `may_ask` and `may_read` say which origins are registered.

    Spec: RFC9700-2.6-5
    """

    may_ask: Callable[[str], bool]
    may_read: Callable[[str, MachineRequest], bool]

    def preflight(self, readers: Readers, methods: tuple[str, ...], environ: Mapping[str, object]) -> MachineResponse:
        """Answer the question that a browser asks before a script's own request.

        To an origin that is not registered nothing is said, which a browser takes for a no.
        """
        origin = str(environ["HTTP_ORIGIN"])
        if readers is Readers.ANYONE:
            allowed = _ANYONE
        else:
            allowed = self._allow(origin) if _is_told(lambda: self.may_ask(origin)) else ()
        if not allowed:
            return MachineResponse(_NO_CONTENT, _VARY)
        asked = (
            ("Access-Control-Allow-Methods", ", ".join(methods)),
            ("Access-Control-Allow-Headers", _ALLOWED_HEADERS),
            ("Access-Control-Max-Age", _PREFLIGHT_SECONDS),
        )
        return MachineResponse(_NO_CONTENT, (*allowed, *asked, *(() if readers is Readers.ANYONE else _VARY)))

    def headers(self, readers: Readers, request: MachineRequest) -> Headers:
        """Return what is added to the answer to a request that has an Origin."""
        if readers is Readers.ANYONE:
            return _ANYONE
        origin = request.headers["origin"]
        is_allowed = _is_told(lambda: self.may_read(origin, request))
        return (*(self._allow(origin) if is_allowed else ()), *_VARY)

    @staticmethod
    def _allow(origin: str) -> Headers:
        return (("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", _EXPOSED_HEADERS))


def _is_told(ask: Callable[[], bool]) -> bool:
    """Return what the registrations say, or a no while they cannot be read.

    The endpoint has answered by then: what it said, a token among it, must not be lost to a later failure.
    """
    try:
        return ask()
    except OAuthError:
        return False
