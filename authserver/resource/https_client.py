"""HTTPS to one server over kept connections, every call within one total time: name lookup to last octet.

On the standard library's client, since a timeout of HTTP libraries is one for each read: an answer that drips in, one
octet at a time, then never ends.
"""

import socket
import ssl
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from time import monotonic
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from authserver.values import Hidden, Value

_MAX_BODY = 64 * 1024
_MOST_IDLE = 16
_RESOLVER_THREADS = 4
_FORM = "application/x-www-form-urlencoded"


class CallFailed(Exception):
    """No whole answer came in time; the text is a reason for the operator."""


class Reply(Value, frozen=True):
    """What came back. Names of `headers` are in lower case, and of a repeated one the values are joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: Hidden[bytes]


class TimedSocket(ssl.SSLSocket):
    """A TLS socket that waits until one moment, however often it is read from or written to."""

    deadline = float("inf")

    def recv_into(self, *arguments: Any, **named: Any) -> int:  # noqa: ANN401 - as the socket has it
        """Receive as ever, but not beyond the deadline."""
        self.settimeout(_remaining(self.deadline))
        return super().recv_into(*arguments, **named)

    def send(self, *arguments: Any, **named: Any) -> int:  # noqa: ANN401 - as the socket has it
        """Send as ever, but not beyond the deadline."""
        self.settimeout(_remaining(self.deadline))
        return super().send(*arguments, **named)


class TimedHttps:
    """Sends forms to one server; safe to share between threads.

    `context` says whom to believe and which certificate to show; each call ends within `total_seconds`.
    """

    def __init__(self, origin: str, context: ssl.SSLContext, total_seconds: float) -> None:
        parts = urlsplit(origin)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError("an https URL is needed")
        self._host, self._port = parts.hostname, parts.port or 443
        self._context = context
        self._total_seconds = total_seconds
        self._idle: deque[HTTPConnection] = deque()
        # A name lookup cannot be interrupted, only abandoned: it gets a thread, so that the caller gets its time back.
        self._lookups = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")

    def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Send a form and return the answer, whatever its status; raises CallFailed where there is none in time.

        What is asked may be asked twice: a kept connection that the server closed meanwhile fails on its next use, and
        the question then goes out once more on a new one.
        """
        deadline = monotonic() + self._total_seconds
        body, sent = urlencode(form).encode("ascii"), {"Content-Type": _FORM, **headers}
        try:
            kept = self._take_idle()
            if kept is not None:
                with suppress(ConnectionError, HTTPException, ssl.SSLError):
                    return self._exchange(kept, path, body, sent, deadline)
            return self._exchange(self._connect(deadline), path, body, sent, deadline)
        except (OSError, HTTPException, ValueError) as error:
            reason = "took too long" if monotonic() >= deadline else type(error).__name__
            raise CallFailed(reason) from error

    def close(self) -> None:
        """Close the connections that lie idle; a later call opens new ones."""
        while self._idle:
            self._idle.pop().close()

    def _take_idle(self) -> HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _exchange(
        self, connection: HTTPConnection, path: str, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> Reply:
        is_whole = False
        try:
            cast("TimedSocket", connection.sock).deadline = deadline
            connection.request("POST", path, body, headers)
            with connection.getresponse() as response:
                read = response.read(_MAX_BODY + 1)
                if len(read) > _MAX_BODY:
                    raise CallFailed("the answer is too large")
                if response.read(1) or response.length:  # reads the end, which only then is known to have come
                    raise CallFailed("the answer is cut short")
                names = {name.lower() for name in response.headers}
                told = {name: ", ".join(response.headers.get_all(name, [])) for name in names}
                is_whole = not response.will_close
                return Reply(response.status, told, read)
        finally:
            if is_whole and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            else:
                connection.close()

    def _connect(self, deadline: float) -> HTTPConnection:
        """Connect to the first address that answers; each is given a share of the time that is left."""
        lookup = self._lookups.submit(socket.getaddrinfo, self._host, self._port, type=socket.SOCK_STREAM)
        try:
            addresses = [str(answer[4][0]) for answer in lookup.result(_remaining(deadline))]
        finally:
            lookup.cancel()  # one that waits for its turn still; one that is under way can only be abandoned
        failed: OSError = OSError("the host has no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                plain = socket.create_connection((address, self._port), timeout=_remaining(deadline) / left)
            except OSError as error:
                failed = error
                continue
            return self._secure(plain, deadline)
        raise failed

    def _secure(self, plain: socket.socket, deadline: float) -> HTTPConnection:
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(_remaining(deadline))  # the handshake as a whole keeps to it
            secured = self._context.wrap_socket(plain, server_hostname=self._host, suppress_ragged_eofs=False)
        except BaseException:
            plain.close()
            raise
        connection = HTTPConnection(self._host, self._port)
        connection.sock = secured
        return connection


def _remaining(deadline: float) -> float:
    remaining = deadline - monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
