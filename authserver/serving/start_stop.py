"""What every server does at its start and at its end, whichever server it is."""

import os
import signal
from collections.abc import Sequence
from functools import cache

from authserver.web.request_log import log

_STOPS = (signal.SIGTERM, signal.SIGINT)


def tell_start(addresses: Sequence[str]) -> None:
    """Write that the server listens, and where."""
    log.info("server.started", listen=list(addresses))


def tell_stop() -> None:
    """Write that the server has answered its last request."""
    log.info("server.stopped")


@cache
def end_workers_that_still_load() -> None:
    """Let a worker that is told to stop before it has loaded the application end at once.

    A forked worker has the main process's handlers until it sets its own, and they do nothing there: the stop would be
    lost, and the server would wait for that worker as long as for a running request.
    """
    # Held back around the fork, so that no signal meets the old handler in the new process.
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS),
        after_in_parent=_release,
        after_in_child=_take_first_handlers,
    )


def _take_first_handlers() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all: the main process ends the others
    _release()


def _release() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
