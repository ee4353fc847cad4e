"""An API under ASGI whose tokens take half a second to check, and which answers `/healthz` to anyone."""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping

from authserver.resource.asgi import ACCESS_TOKEN_KEY, AsgiProtector, Receive, Scope, Send, read_scope
from authserver.resource.checks import Expectation
from authserver.resource.demand import Demand
from authserver.resource.environ import ApiOrigin, behind_proxies
from authserver.resource.guard import Guard
from tests.support.api_behind_proxy import HEADER
from tests.support.authority import NOW

ORIGIN = "https://api.example"
SECONDS = 0.5
_EXPECTED = Expectation("https://as.example", ORIGIN, unbound_allowed=True)
_API = ApiOrigin(ORIGIN, behind_proxies(["127.0.0.0/8"], "rfc9440", HEADER))


class SlowTokens:
    """Takes its time, as an issuer far away does; the token is the scope that it has."""

    def find_claims(self, token: str) -> Mapping[str, object]:
        """Return a good token's claims."""
        time.sleep(SECONDS)
        claims = {"iss": "https://as.example", "aud": ORIGIN, "sub": "alice", "client_id": "planner"}
        return {**claims, "exp": NOW + 60, "scope": token}


_PROTECTOR = AsgiProtector(Guard(SlowTokens(), _EXPECTED, lambda: NOW), _API)


async def _inner(scope: Scope, _receive: Receive, send: Send) -> None:
    token = scope.get(ACCESS_TOKEN_KEY)
    certificate = read_scope(scope, _API).certificate
    seen = {
        "sub": token.subject if token else None,
        "certificate": hashlib.sha256(certificate).hexdigest() if certificate else None,
    }
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


_GUARDED = _PROTECTOR.guarding(_inner, Demand(("accounts",)))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Guard everything but `/healthz` and `/certificate`."""
    is_open = scope["type"] == "http" and scope["path"] in {"/healthz", "/certificate"}
    await (_inner if is_open else _GUARDED)(scope, receive, send)
