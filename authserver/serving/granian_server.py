"""Serving behind a proxy that ends TLS: granian, on a Unix socket or a loopback port."""

from collections.abc import MutableMapping
from functools import partial
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from authserver.serving.listen import check_free
from authserver.serving.start_stop import end_workers_that_still_load, tell_start, tell_stop
from authserver.values import Value
from authserver.web.listen import ListenAddress
from authserver.web.request_log import configure_log

_SOCKET_MODE = 0o660
# Also how long an idle connection is kept: longer than the proxy keeps it (deploy/nginx), or the two would race.
_IDLE_MILLISECONDS = 30_000
_LARGEST_HEAD = 128 * 1024
_LOGGING = {
    "handlers": {"ours": {"class": "authserver.serving.granian_log.JsonHandler"}},
    "loggers": {"_granian": {"handlers": ["ours"], "level": "WARNING", "propagate": False}},
}


class ProxiedServer(Value, frozen=True):
    """What to serve and how: `target` is `module:callable`, loaded in each worker.

    One worker a core, each with about four threads, is what measured best. After a stop is asked for, running requests
    have `graceful_seconds` to end. `beyond_loopback` permits a TCP address that other machines can reach, as in a
    container: the way from the proxy is then in clear, and the operator answers for the network.
    """

    target: str
    listen: ListenAddress
    workers: int = 1
    blocking_threads: int = 4
    graceful_seconds: int = 30
    beyond_loopback: bool = False
    log_level: str = "info"


def serve_behind_proxy(server: ProxiedServer, environment: MutableMapping[str, str]) -> None:
    """Serve until told to stop by SIGTERM or SIGINT, then return.

    `environment` is the process's own; what a request could be taken to have said is removed from it (see
    `forget_request_names`). No access log is kept here: it would hold queries. Raises ValueError for an address that
    would let others in without the proxy, and for one where another server listens.
    """
    listen = server.listen
    if not (listen.is_local or server.beyond_loopback):
        raise ValueError(f"{listen} can be reached past the proxy: listen on a Unix socket or a loopback address")
    check_free(listen)
    configure_log(server.log_level)
    forget_request_names(environment)
    end_workers_that_still_load()
    granian = Granian(
        server.target,
        address=listen.host,
        port=listen.port,
        uds=Path(listen.unix_path) if listen.unix_path else None,
        uds_permissions=_SOCKET_MODE if listen.unix_path else None,
        interface=Interfaces.WSGI,
        workers=server.workers,
        blocking_threads=server.blocking_threads,
        workers_kill_timeout=server.graceful_seconds,
        respawn_failed_workers=True,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_IDLE_MILLISECONDS, max_buffer_size=_LARGEST_HEAD),
        websockets=False,
        log_access=False,
        log_level=LogLevels.warning,
        log_dictconfig=_LOGGING,
    )
    granian.on_startup(partial(tell_start, [str(listen)]))
    granian.on_shutdown(tell_stop)
    granian.serve()


def forget_request_names(environment: MutableMapping[str, str]) -> None:
    """Remove the variables that would read as part of a request, such as HTTP_CLIENT_CERT.

    granian lays each request over a copy of its process environment, so a variable named like a header stands in for
    that header on every request that lacks it.
    """
    for name in [name for name in environment if name.startswith(("HTTP_", "SSL_CLIENT_", "REMOTE_"))]:
        del environment[name]
