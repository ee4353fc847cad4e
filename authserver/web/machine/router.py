"""The WSGI router that stands in front of Flask: machine endpoints are answered here, pages are handed on."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from authserver.protocol.errors import InvalidRequest
from authserver.values import Assembly
from authserver.web.machine.cors import CrossOrigin, Readers
from authserver.web.machine.model import (
    CORRELATION_ENVIRON_KEY,
    MAX_BODY_BYTES,
    REQUEST,
    MachineEndpoint,
    MachineRequest,
    MachineResponse,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_MOST_LENGTH_DIGITS = 12  # far beyond any body we take, and far below what int() refuses to read


class Route(Assembly, frozen=True):
    """One line of the table of machine URLs: the exact path, the methods it answers, the endpoint.

    `readers` says whose scripts a browser lets read the answers.
    """

    path: str
    methods: tuple[str, ...]
    endpoint: MachineEndpoint
    readers: Readers = Readers.NOBODY


class EndpointMiddleware(Assembly, frozen=True):
    """What surrounds every machine endpoint, supplied by the composition root.

    `certificate` and `address` read the caller's certificate and address from the WSGI environment as the deployment's
    proxies permit; `run` calls the endpoint and turns refusals and failures into answers; `headers` goes on every
    answer.
    """

    certificate: Callable[[Mapping[str, object]], bytes | None]
    address: Callable[[Mapping[str, object]], str]
    correlation_id: Callable[[], str]
    run: Callable[[MachineEndpoint, MachineRequest], MachineResponse]
    cross_origin: CrossOrigin
    headers: tuple[tuple[str, str], ...] = ()


_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_METHOD_NOT_ALLOWED = 405
_TOO_LARGE = 413


class MachineRouter:
    """Answers the machine endpoints' paths itself and hands every other request to the pages' application."""

    def __init__(self, routes: Iterable[Route], middleware: EndpointMiddleware, pages: "WSGIApplication") -> None:
        self._routes = {route.path: route for route in routes}
        self._middleware = middleware
        self._pages = pages

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one WSGI request."""
        correlation_id = self._middleware.correlation_id()
        environ[CORRELATION_ENVIRON_KEY] = correlation_id
        token = REQUEST.set(environ)
        try:
            return self._respond(environ, start_response, correlation_id)
        finally:
            REQUEST.reset(token)

    def _respond(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", correlation_id: str
    ) -> Iterable[bytes]:
        route = self._routes.get(environ.get("PATH_INFO", ""))
        if route is None:
            # An address without a path is that of `/` (RFC 9110, 4.2.3); Flask would redirect to any host it names.
            environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
            return self._pages(environ, start_response)
        response = self._answer(route, environ, correlation_id)
        headers = [*response.headers, *self._middleware.headers, ("X-Correlation-Id", correlation_id)]
        headers.append(("Content-Length", str(len(response.body))))
        start_response(_STATUS_LINES[response.status], headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    def _answer(self, route: Route, environ: "WSGIEnvironment", correlation_id: str) -> MachineResponse:
        """Answer a path that is ours: 405 to another method, 413 to a body too large, else what the endpoint says.

        A request whose peer went away in the middle of its body reaches no endpoint.

        Spec: RFC9126-2.3-2, RFC9110-15.5.6, RFC9110-15.5.14, RFC9112-8
        """
        method = environ["REQUEST_METHOD"]
        is_cross_origin = route.readers is not Readers.NOBODY and "HTTP_ORIGIN" in environ
        if is_cross_origin and method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            return self._middleware.cross_origin.preflight(route.readers, route.methods, environ)
        if method not in route.methods:
            return MachineResponse(_METHOD_NOT_ALLOWED, (("Allow", ", ".join(route.methods)),))
        body = read_body(environ)
        if body is None:
            return MachineResponse(_TOO_LARGE, (("Connection", "close"),))
        request = MachineRequest(
            method=method,
            path=route.path,
            query=environ.get("QUERY_STRING", ""),
            headers=_headers(environ),
            body=body,
            remote_address=self._middleware.address(environ),
            certificate=self._middleware.certificate(environ),
            correlation_id=correlation_id,
        )
        response = self._middleware.run(_refuse_half if _is_half(environ, body) else route.endpoint, request)
        if not is_cross_origin:
            return response
        added = self._middleware.cross_origin.headers(route.readers, request)
        return MachineResponse(response.status, (*response.headers, *added), response.body)


def read_body(environ: "WSGIEnvironment") -> bytes | None:
    """Return the whole body, or None where it is larger than MAX_BODY_BYTES or its length is not stated."""
    stated = environ.get("CONTENT_LENGTH") or "0"
    if not stated.isascii() or not stated.isdigit() or len(stated) > _MOST_LENGTH_DIGITS:
        return None
    if int(stated) > MAX_BODY_BYTES:
        return None
    if environ.get("HTTP_TRANSFER_ENCODING") and stated == "0":
        body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
        return body if len(body) <= MAX_BODY_BYTES else None
    return environ["wsgi.input"].read(int(stated)) if stated != "0" else b""


def _is_half(environ: "WSGIEnvironment", body: bytes) -> bool:
    """Tell whether less came than was stated. Of chunks nobody can: granian ends them alike, whole or not."""
    return len(body) < int(environ.get("CONTENT_LENGTH") or 0)


def _refuse_half(_request: MachineRequest) -> MachineResponse:
    raise InvalidRequest(
        "The request body is shorter than its Content-Length.",
        reason="half a body, and no more of it",
        clause="RFC9112-8",
    )


def _spell(name: str) -> str:
    """Return the name of a header by its name in WSGI, in small letters."""
    return name[5:].replace("_", "-").lower()


_SPELLED = {
    f"HTTP_{name.upper().replace('-', '_')}": name
    for name in (
        "accept", "accept-encoding", "accept-language", "authorization", "cache-control", "client-cert", "connection",
        "content-length", "cookie", "dpop", "forwarded", "host", "if-none-match", "origin", "referer", "traceparent",
        "user-agent", "via", "x-correlation-id", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-proto", "x-real-ip", "x-request-id",
    )
}  # fmt: skip
"""The names that most requests carry, spelt once: two microseconds less for each request."""


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    headers = {_SPELLED.get(name) or _spell(name): value for name, value in environ.items() if name[:5] == "HTTP_"}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    return headers
