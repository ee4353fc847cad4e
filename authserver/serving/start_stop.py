"""Telling the log that the server starts and stops, whichever server it is."""

from collections.abc import Sequence

from authserver.web.request_log import log


def tell_start(addresses: Sequence[str]) -> None:
    """Write that the server listens, and where."""
    log.info("server.started", listen=list(addresses))


def tell_stop() -> None:
    """Write that the server has answered its last request."""
    log.info("server.stopped")
