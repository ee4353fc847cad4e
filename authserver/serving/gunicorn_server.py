"""Serving with our own TLS: gunicorn's threads, one listener that never asks for a certificate and one that does.

gunicorn is embedded, not called: no file, no command line and no environment variable of its own is read. Its habits
that harm are mended in `connections`, `tls` and `refusals`, each pinned by a test and told in decision 4.
"""

from collections.abc import Callable
from importlib import import_module
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from typing import Any

from gunicorn.app.base import BaseApplication

from authserver.serving.connections import Worker
from authserver.serving.gunicorn_log import GunicornLog
from authserver.serving.listen import check_free
from authserver.serving.start_stop import end_workers_that_still_load, tell_start, tell_stop
from authserver.serving.tls import Anchors, ListenerContexts, TlsFiles
from authserver.values import Assembly
from authserver.web.listen import ListenAddress
from authserver.web.request_log import configure_log

_KEEPALIVE_SECONDS = 15
_MOST_CONNECTIONS = 1000
_LEAST_CONNECTIONS = 16
_OTHER_FILES = 200  # modules, databases, logs, fetches of keys, and the new connection of each that is being closed
_LONGEST_REQUEST_LINE = 8190
_MOST_HEADERS = 64
_LONGEST_HEADER = 8190


class OwnTlsServer(Assembly, frozen=True):
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
    log_level: str = "info"

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
    for address in (server.listen, server.listen_mtls):
        check_free(address)
    port = server.listen_mtls.port if server.listen_mtls else None
    contexts = ListenerContexts(server.files, port, server.anchors)
    configure_log(server.log_level)
    end_workers_that_still_load()
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


def most_connections(threads: int) -> int:
    """Return how many connections a worker holds: a thousand, or as many as it may open files, less those for all else.

    Beyond that each new connection ends the one that has waited longest for its peer.
    """
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    if allowed == RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(threads + _LEAST_CONNECTIONS, min(_MOST_CONNECTIONS, allowed - _OTHER_FILES))


def _settings(server: OwnTlsServer, binds: list[str], contexts: ListenerContexts) -> dict[str, object]:
    return {
        "bind": binds,
        "when_ready": lambda _arbiter: tell_start(binds),
        "on_exit": lambda _arbiter: tell_stop(),
        "workers": server.workers,
        "threads": server.threads,
        "worker_connections": most_connections(server.threads),
        "worker_class": Worker,
        "logger_class": GunicornLog,
        "graceful_timeout": server.graceful_seconds,
        "keepalive": _KEEPALIVE_SECONDS,
        "certfile": str(server.files.certificate),
        "keyfile": str(server.files.key),
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
