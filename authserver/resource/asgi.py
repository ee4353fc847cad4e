"""Guarding applications under ASGI, as FastAPI and Starlette are: checks run on threads, never on the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore
from typing import Any, Final, ParamSpec, TypeVar

from authserver.protocol.errors import OAuthError, TemporarilyUnavailable
from authserver.resource.demand import NOTHING_MORE, Demand
from authserver.resource.environ import ApiOrigin, read_request
from authserver.resource.guard import Guard
from authserver.resource.model import AccessToken, ResourceRequest
from authserver.resource.refusals import challenge
from authserver.web.machine.model import MachineResponse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

ACCESS_TOKEN_KEY: Final = "authserver.access_token"  # noqa: S105 - the name of a place, not a token
_THREADS = 8
_MOST_WAITING = 1000
_POLICY_VIOLATION = 1008

P = ParamSpec("P")
T = TypeVar("T")


class Refused(Exception):
    """A request may not pass; `answering` turns it into the answer."""

    def __init__(self, error: OAuthError, demand: Demand, request: ResourceRequest) -> None:
        super().__init__(str(error))
        self.error = error
        self.demand = demand
        self.request = request


class AsgiProtector:
    """Guards what runs under ASGI: a whole application by `guarding`, or single routes by `admit` and `answering`.

    What is checked may ask the issuer or a database, so it runs on `threads` of its own; of more than a thousand
    requests that wait for one of them, the next is refused for now.

    Spec: FAPI2-SP-FINAL-5.3.4-1
    """

    def __init__(self, guard: Guard, api: ApiOrigin, *, threads: int = _THREADS) -> None:
        self._guard = guard
        self._api = api
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="guard")
        self._places = BoundedSemaphore(threads + _MOST_WAITING)

    async def admit(self, scope: Scope, demand: Demand = NOTHING_MORE) -> AccessToken:
        """Return the token with which a request may pass; raises Refused, for `answering`."""
        request = read_scope(scope, self._api)
        try:
            return await self._on_a_thread(self._guard.admit, request, demand)
        except OAuthError as error:
            raise Refused(error, demand, request) from error

    async def spend(self, scope: Scope, token: AccessToken) -> None:
        """Spend the token of an admitted request, right before the one act; raises Refused where it was spent."""
        request = read_scope(scope, self._api)
        try:
            await self._on_a_thread(self._guard.spend, token, request)
        except OAuthError as error:
            raise Refused(error, NOTHING_MORE, request) from error

    def answering(self, application: AsgiApplication) -> AsgiApplication:
        """Return the application with every refusal raised inside it answered; in FastAPI, `app.add_middleware`."""

        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            has_begun = False

            async def noted(message: Message) -> None:
                nonlocal has_begun
                has_begun = True
                await send(message)

            try:
                await application(scope, receive, noted)
            except Refused as refused:
                if has_begun:
                    raise
                await _refuse(scope, refused, send)

        return answered

    def guarding(self, application: AsgiApplication, demand: Demand = NOTHING_MORE) -> AsgiApplication:
        """Return the application behind the guard: it gets good requests alone, the token in `scope`."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":  # the server's own, before and after all requests
                scope = {**scope, ACCESS_TOKEN_KEY: await self.admit(scope, demand)}
            await application(scope, receive, send)

        return self.answering(guarded)

    async def _on_a_thread(self, check: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        if not self._places.acquire(blocking=False):
            raise TemporarilyUnavailable(
                "Too many requests at once.", reason="too many requests wait to be checked", clause="RFC6750-3.1"
            )
        try:
            under_way = self._pool.submit(partial(check, *arguments, **named))
        except BaseException:
            self._places.release()
            raise
        # Not after the wait: where the caller goes away, the check goes on for as long as it takes.
        under_way.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(under_way)


def read_scope(scope: Scope, api: ApiOrigin) -> ResourceRequest:
    """Return what of a request or a WebSocket's handshake decides whether it may pass.

    Spec: RFC6750-2.1, RFC8705-3, RFC9449-4.3-1
    """
    path, root = str(scope["path"]), str(scope.get("root_path") or "")
    whole = path if path.startswith(root) else root + path
    client = scope.get("client")
    environ: dict[str, object] = {
        "REQUEST_METHOD": str(scope.get("method", "GET")),
        "PATH_INFO": whole.encode("utf-8", "surrogateescape").decode("latin-1"),
        "RAW_URI": (scope.get("raw_path") or b"").decode("latin-1"),
        "QUERY_STRING": (scope.get("query_string") or b"").decode("latin-1"),
        "REMOTE_ADDR": str(client[0]) if client else "",
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # by WSGI's names, which the policy goes by, it would be that of another header
        key, text = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}", value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return read_request(environ, api)


async def _refuse(scope: Scope, refused: Refused, send: Send) -> None:
    answer: MachineResponse = challenge(refused.error, refused.demand, refused.request)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})  # before it is accepted: the server says 403
        return
    headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
