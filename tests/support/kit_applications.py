"""A small API under WSGI and under ASGI, written with the kit alone: it runs where nothing else of the tree is."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from authserver.clock import system_clock
from authserver.keys.compact import read_json
from authserver.keys.jwks import parse_jwks
from authserver.keys.model import PublicKeys
from authserver.resource.asgi import AsgiProtector, Receive, Scope, Send
from authserver.resource.checks import Expectation
from authserver.resource.demand import Demand
from authserver.resource.environ import ApiOrigin
from authserver.resource.guard import Guard
from authserver.resource.local_tokens import LocalTokens
from authserver.resource.wsgi import GuardedApplication


class KeysFromFile:
    """The issuer's keys, without a network."""

    def keys(self, _url: str, _kid: str | None) -> PublicKeys:
        """Return the keys in the file that the environment names."""
        return parse_jwks(read_json(Path(os.environ["KIT_KEYS"]).read_bytes()))


_GUARD = Guard(
    LocalTokens("https://as.example/jwks", KeysFromFile()),  # type: ignore[arg-type]  # stands for what fetches them
    Expectation("https://as.example", "https://api.example/accounts"),
    system_clock,
)
_API, _DEMAND = ApiOrigin("https://api.example"), Demand(("accounts",))


def _wsgi(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["authserver.access_token"].subject.encode()]  # type: ignore[attr-defined]  # WSGI's values are of any type


async def _asgi(scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["authserver.access_token"].subject.encode()})


wsgi_application = GuardedApplication(_wsgi, _GUARD, _API, _DEMAND)
asgi_application = AsgiProtector(_GUARD, _API).guarding(_asgi, _DEMAND)
