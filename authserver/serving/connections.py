"""gunicorn's thread worker, with connections that wait in the poller until a whole request has arrived.

A thread is lent to a connection for a step of its handshake, for taking in what came, and for answering; never for
waiting. Each connection has a moment by which it must have got on, and is closed then.
"""

import ssl
import time
from contextlib import suppress
from errno import EMFILE, ENFILE, ENOBUFS, ENOMEM
from functools import partial
from selectors import EVENT_READ
from socket import SHUT_WR, socket
from typing import TYPE_CHECKING, Any, Final

from gunicorn import http
from gunicorn.http import wsgi
from gunicorn.workers.gthread import TConn, ThreadWorker

from authserver.serving.refusals import refuse_late, refuse_malformed, refuse_stopping
from authserver.serving.request_framing import Arrival
from authserver.serving.tls import HANDSHAKE_SECONDS, REQUEST_SECONDS, BoundedSocket
from authserver.web.request_log import log

if TYPE_CHECKING:
    from concurrent.futures import Future

_MOST_READ_AT_CLOSE: Final = 16
_NO_COOKIES: Final = ("COOKIE", "")
_DRAIN_SECONDS: Final = 0.1
_STOP_SECONDS: Final = 2.0
_SPARE_CONNECTIONS: Final = 2  # gunicorn accepts nobody at its own limit, so room is made before it
_TOO_MANY_FILES: Final = frozenset({EMFILE, ENFILE, ENOBUFS, ENOMEM})
_WAITS: Final = object()
"""What a thread returns for a connection that has nothing whole to answer yet."""


class Response(wsgi.Response):  # type: ignore[misc]  # gunicorn has no types
    """An answer that does not name the server."""

    def default_headers(self) -> list[str]:
        """Answer the headers that gunicorn adds, without its banner."""
        return [header for header in super().default_headers() if not header.startswith("Server:")]


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection that never makes a thread wait, and whose closing neither fails nor waits.

    gunicorn trips over one whose handshake failed and counts it down twice, and waits two seconds in its only loop for
    each peer to close its side: a few idle peers would keep everyone else from being accepted.
    """

    sock: Any
    parser: Any
    initialized: bool

    def __init__(self, cfg: Any, sock: socket, client: Any, server: Any) -> None:  # noqa: ANN401 - untyped
        super().__init__(cfg, sock, client, server)
        self.expires = time.monotonic() + HANDSHAKE_SECONDS
        self.has_shaken_hands = False
        self.has_begun = False
        self.was_told_to_continue = False
        self.data_ready = True

    def advance(self) -> bool:
        """Go on as far as what has arrived allows, without waiting; tell whether a whole request is there.

        Raises ssl.SSLError where the handshake fails, and OSError where the peer is gone.
        """
        if not self.has_shaken_hands and not self._shake_hands():
            return False
        if not self.has_begun and self.parser is not None:  # what was read ahead belongs to the next request
            self.sock.taken = self.parser.unreader.take_buffered() + self.sock.taken
        if not self.has_begun:
            self.expires, self.has_begun = time.monotonic() + REQUEST_SECONDS, True
        if self.sock.take_in():
            return True
        if not self.was_told_to_continue and self.sock.arrival.expects_continue:
            self.was_told_to_continue = True
            self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return False

    def _shake_hands(self) -> bool:
        if not isinstance(self.sock, BoundedSocket):
            self.sock = self.cfg.ssl_context(self.cfg, None).wrap_socket(self.sock)
        try:
            self.sock.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        self.has_shaken_hands = True
        return True

    def init(self) -> None:
        """Put the parser on the connection, whose handshake is done."""
        if not self.initialized:
            self.initialized = True
            self.parser = http.get_parser(self.cfg, self.sock, self.client)

    def next_request(self) -> None:
        """Begin anew after an answer, and forget what was asked."""
        self.sock.arrival = Arrival()
        self.has_begun = self.was_told_to_continue = False

    def say(self, answer: bytes) -> None:
        """Send a last answer as far as the peer takes it at once."""
        with suppress(OSError):
            self.sock.settimeout(0.0)
            self.sock.send(answer)

    def close(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002 - gunicorn's signature
        """Close; graceful takes in what has already arrived, which the kernel would else answer with a reset."""
        with suppress(OSError):
            self.sock.setblocking(False)
            self._say_goodbye()
            socket.shutdown(self.sock, SHUT_WR)
            for _ in range(_MOST_READ_AT_CLOSE if graceful else 0):
                if not socket.recv(self.sock, 4096):
                    break
        self.sock.close()

    def _say_goodbye(self) -> None:
        """Tell the peer, in TLS, that nothing was cut off; without waiting for the same from it."""
        if self.has_shaken_hands:
            with suppress(OSError, ValueError):
                self.sock.unwrap()


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's thread worker, whose threads never wait for a peer."""

    def init_process(self) -> None:
        """Take the banner away in this process, then run."""
        wsgi.Response = Response
        super().init_process()

    def accept(self, listener: socket) -> bool:
        """Accept a connection and let it wait, for as long as a handshake may take; tell whether there was one."""
        if self.nr_conns >= self.worker_connections - _SPARE_CONNECTIONS:
            self._make_room()
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False  # another worker was faster, or the peer is gone already
        except OSError as error:
            if error.errno not in _TOO_MANY_FILES:
                raise
            self._make_room()  # else the listener would be found readable again and again, and nobody be let in
            return False
        self.nr_conns += 1
        self._wait(Connection(self.cfg, client, address, listener.getsockname()))
        return True

    def _make_room(self) -> None:
        """Close the connection that has waited longest for its peer, so that silent peers keep nobody out.

        Of those who have yet to say something, or of those who keep a connection after an answer, whichever are more.
        """
        if self.pending_conns and len(self.pending_conns) >= len(self.keepalived_conns):
            self._drop(min(self.pending_conns, key=lambda pending: pending.expires))
        elif self.keepalived_conns:
            self._end(self.keepalived_conns.popleft())

    def _drop(self, connection: Connection) -> None:
        """Close a connection that did not get on; who sent half a request is told why."""
        self.pending_conns.remove(connection)
        if connection.has_begun and connection.sock.taken:
            connection.say(refuse_late() if self.alive else refuse_stopping())
        self._end(connection)

    def _end(self, connection: Connection) -> None:
        """Close a connection that waits in the poller and in no queue."""
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(connection.sock)
        self.nr_conns -= 1
        connection.close(graceful=True)

    def on_pending_socket_readable(self, conn: Connection, client: socket) -> None:
        """Go on with a connection that has said something, unless it was closed for room in this very round."""
        if conn in self.pending_conns:
            super().on_pending_socket_readable(conn, client)

    def on_client_socket_readable(self, conn: Connection, client: socket) -> None:
        """Do so with one that was kept after an answer."""
        if conn in self.keepalived_conns:
            super().on_client_socket_readable(conn, client)

    def _wait(self, connection: Connection) -> None:
        connection.sock.setblocking(False)
        self.pending_conns.append(connection)
        readable = partial(self.on_pending_socket_readable, connection)
        self.poller.register(connection.sock, EVENT_READ, readable)

    def handle(self, conn: Connection) -> object:
        """Take one step for a connection, in a thread: answer it if its request is whole."""
        try:
            if not conn.advance():
                return _WAITS
        except ssl.SSLError as error:
            self._log_handshake(conn, error)
            return False
        except OSError:
            return False
        result = super().handle(conn)
        conn.next_request()
        return result

    def handle_request(self, req: Any, conn: Connection) -> object:  # noqa: ANN401 - untyped
        """Answer a request; an empty Cookie header, as some libraries send it, counts as none.

        Behind a proxy it cannot: granian makes the same of cookies that it cannot read.
        """
        if _NO_COOKIES in req.headers:
            req.headers.remove(_NO_COOKIES)
        return super().handle_request(req, conn)

    def _log_handshake(self, conn: Connection, error: ssl.SSLError) -> None:
        """Tell why a handshake was refused; one that the peer broke off is none of ours."""
        if not conn.has_shaken_hands and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            reason = getattr(error, "verify_message", "") or (error.reason or type(error).__name__).lower()
            log.warning("handshake.refused", address=str(conn.client[0]), port=conn.server[1], reason=reason)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:  # noqa: FBT001 - gunicorn's signature
        """Keep a connection whose request was read to its end; the rest of another is not waited for."""
        return keepalive and bool(conn.parser.finish_body(deadline=time.monotonic() + _DRAIN_SECONDS))

    def finish_request(self, conn: Connection, fs: "Future[object]") -> None:
        """Let a connection wait for more, go on with what is here already, or end as gunicorn does."""
        result = False if fs.cancelled() or fs.exception() is not None else fs.result()
        if result is _WAITS:
            if not self.alive:
                conn.expires = min(conn.expires, self._stop_by())
            self._wait(conn)
        elif result and conn.sock.has_more():
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close the connections that did not get on in their time."""
        now = time.monotonic()
        for connection in [pending for pending in self.pending_conns if pending.expires <= now]:
            self._drop(connection)

    def _cap_keepalive(self, deadline: float) -> None:
        """Begin to stop: take those who have connected already, refuse all others, and give everyone a short time.

        gunicorn keeps its listeners open until it ends, so that who connects in between hangs and is then reset.
        """
        for listener in self.sockets:
            while self.accept(listener):
                pass
            listener.close()
        for connection in self.pending_conns:
            connection.expires = min(connection.expires, deadline)
        super()._cap_keepalive(deadline)

    def _stop_by(self) -> float:
        return time.monotonic() + _STOP_SECONDS

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ANN401, ARG002
        """Answer what was no request, or failed, in our own words; nothing of it is logged but its kind."""
        answer = refuse_malformed(exc)
        with suppress(OSError):
            client.sendall(answer)
