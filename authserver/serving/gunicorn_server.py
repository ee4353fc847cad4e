"""Serving with our own TLS: gunicorn's threads, one listener that never asks for a certificate and one that does.

gunicorn is embedded, not called: no file, no command line and no environment variable of its own is read. Four of its
habits are mended here and in `tls`, each pinned by a test: a silent connection holds a thread; a connection whose
handshake failed is counted down twice, so that the limit on connections drifts away; a closing one holds up the loop
that accepts; and every answer names the server.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from selectors import EVENT_READ
from socket import SHUT_WR, socket
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.http import wsgi
from gunicorn.workers.gthread import TConn, ThreadWorker

from authserver.serving.listen import ListenAddress
from authserver.serving.tls import HANDSHAKE_SECONDS, Anchors, ListenerContexts, TlsFiles

_KEEPALIVE_SECONDS = 15
_LONGEST_REQUEST_LINE = 8190
_MOST_HEADERS = 64
_LONGEST_HEADER = 8190
_MOST_READ_AT_CLOSE = 16


@dataclass(frozen=True, slots=True)
class OwnTlsServer:
    """What to serve and how: `target` is `module:callable`, loaded in each worker, or what makes the callable there.

    `listen_mtls` is where certificates are asked for, on another port than `listen`; either may be left out. After a
    stop is asked for, running requests have `graceful_seconds` to end.
    """

    target: str | Callable[[], Callable[..., Any]]
    files: TlsFiles
    listen: ListenAddress | None
    listen_mtls: ListenAddress | None
    anchors: Anchors
    workers: int = 1
    threads: int = 4
    graceful_seconds: int = 30

    def binds(self) -> list[str]:
        """Answer the addresses to bind; raises ValueError where they cannot be told apart or carry no TLS."""
        addresses = [address for address in (self.listen, self.listen_mtls) if address]
        if any(address.unix_path for address in addresses):
            raise ValueError("a Unix socket carries no TLS of ours: leave TLS_CERT_FILE out to serve behind a proxy")
        if len({address.port for address in addresses}) != len(addresses):
            raise ValueError("LISTEN and LISTEN_MTLS need different ports: the port decides who is asked")
        return [str(address) for address in addresses]


def serve_with_own_tls(server: OwnTlsServer) -> None:
    """Serve until told to stop by SIGTERM or SIGINT, then exit the process.

    Raises ValueError, OSError or ssl.SSLError for what cannot be served, before anything listens.

    Spec: FAPI2-SP-FINAL-5.2.1, RFC8705-2
    """
    binds = server.binds()
    port = server.listen_mtls.port if server.listen_mtls else None
    contexts = ListenerContexts(server.files, port, server.anchors)
    _EmbeddedApplication(server, binds, contexts).run()


class _EmbeddedApplication(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings and no other source of any."""

    def __init__(self, server: OwnTlsServer, binds: list[str], contexts: ListenerContexts) -> None:
        self._server = server
        self._binds = binds
        self._contexts = contexts
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        for name, value in _settings(self._server, self._binds, self._contexts).items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """Load the application, in the worker."""
        if callable(self._server.target):
            return self._server.target()
        module, _, name = self._server.target.partition(":")
        application: Callable[..., Any] = getattr(import_module(module), name)
        return application


def _settings(server: OwnTlsServer, binds: list[str], contexts: ListenerContexts) -> dict[str, object]:
    return {
        "bind": binds,
        "workers": server.workers,
        "threads": server.threads,
        "worker_class": _Worker,
        "graceful_timeout": server.graceful_seconds,
        "keepalive": _KEEPALIVE_SECONDS,
        "certfile": str(server.files.certificate),
        "keyfile": str(server.files.key),
        "do_handshake_on_connect": True,
        "ssl_context": lambda _config, _default: contexts,
        "limit_request_line": _LONGEST_REQUEST_LINE,
        "limit_request_fields": _MOST_HEADERS,
        "limit_request_field_size": _LONGEST_HEADER,
        # No one in front of us is believed about scheme or address; `web.client_certificate` has its own list.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        # Client_Cert and Client-Cert would be one name in WSGI.
        "header_map": "drop",
        "control_socket_disable": True,
        "accesslog": None,
        "loglevel": "warning",
        "proc_name": "authserver",
    }


class _Response(wsgi.Response):  # type: ignore[misc]  # gunicorn has no types
    """An answer that does not name the server."""

    def default_headers(self) -> list[str]:
        """Answer the headers that gunicorn adds, without its banner."""
        return [header for header in super().default_headers() if not header.startswith("Server:")]


class _Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection whose closing neither fails nor waits.

    gunicorn trips over one whose handshake failed and counts it down twice, and waits two seconds in its only loop for
    each peer to close its side: a few idle peers would keep everyone else from being accepted.
    """

    def close(self, graceful: bool = False) -> None:  # noqa: FBT001, FBT002 - gunicorn's signature
        """Close; graceful takes in what has already arrived, which the kernel would else answer with a reset."""
        with suppress(OSError):
            if graceful:
                self.sock.setblocking(False)
                self.sock.shutdown(SHUT_WR)
                for _ in range(_MOST_READ_AT_CLOSE):
                    if not self.sock.recv(4096):
                        break
        self.sock.close()


class _Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's thread worker, with new connections waiting in the poller instead of in a thread."""

    def init_process(self) -> None:
        """Take the banner away in this process, then run."""
        wsgi.Response = _Response
        super().init_process()

    def accept(self, listener: socket) -> None:
        """Accept a connection and let it wait, for as long as a handshake may take, until its peer says something."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another worker was faster, or the peer is gone already
        self.nr_conns += 1
        connection = _Connection(self.cfg, client, address, listener.getsockname())
        connection.timeout = time.monotonic() + HANDSHAKE_SECONDS
        self.pending_conns.append(connection)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, connection))

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ANN401 - untyped
        """Answer what went wrong; what gunicorn logs of it is without the query, which can hold a secret."""
        if getattr(req, "uri", None):
            req.uri = req.uri.partition("?")[0]
        super().handle_error(req, client, addr, exc)
