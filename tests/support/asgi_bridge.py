"""An ASGI application where the tests speak WSGI: what passes under one must pass under the other."""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, TypeVar

from authserver.resource.asgi import AsgiApplication, Message, Scope
from authserver.resource.environ import ApiOrigin, behind_proxies

_HEADER = "ClientCert5f0c"
T = TypeVar("T")


def origin_behind_proxy(origin: str) -> ApiOrigin:
    """Return an origin whose certificates come from the bridge, which is its proxy."""
    return ApiOrigin(origin, behind_proxies(["127.0.0.1"], "rfc9440", _HEADER))


def as_wsgi(application: AsgiApplication) -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application that hands each request on, the certificate of its connection in a header."""

    def bridge(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        sent = exchange(application, _scope(environ))
        head, *rest = sent
        headers = [(name.decode(), value.decode()) for name, value in head["headers"]]
        start_response(f"{head['status']} {HTTPStatus(head['status']).phrase}", headers)
        return [part.get("body", b"") for part in rest]

    return bridge


def exchange(application: AsgiApplication, scope: Scope) -> list[Message]:
    """Run an application for one scope, and return what it sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async def once() -> None:
        await application(scope, receive, send)

    run_apart(once())
    return sent


def run_apart(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end and return what it returns, on a loop of its own in a thread of its own.

    The thread of the tests may have a running loop already: Playwright leaves one there.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="loop") as thread:
        return thread.submit(asyncio.run, coroutine).result()


def _scope(environ: dict[str, Any]) -> Scope:
    names = {key: key.removeprefix("HTTP_").replace("_", "-").lower() for key in environ if key.startswith("HTTP_")}
    headers = [(name.encode(), str(environ[key]).encode("latin-1")) for key, name in names.items()]
    connection = environ.get("gunicorn.socket")
    if connection is not None:
        der = b64encode(connection.getpeercert(True)).decode()
        headers.append((_HEADER.lower().encode(), f":{der}:".encode()))
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"].encode("latin-1").decode(),
        "raw_path": None,
        "root_path": "",
        "query_string": environ["QUERY_STRING"].encode(),
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 1234),
    }
