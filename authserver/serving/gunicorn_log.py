"""What gunicorn says of itself, as lines of our own log: one JSON object each, and nothing of a request."""

import sys

from gunicorn.glogging import Logger

from authserver.web.request_log import describe_failure, log


class GunicornLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's messages from warnings upward; of a failure the type and the place, as its text may repeat input."""

    def critical(self, msg: object, *args: object, **_options: object) -> None:
        """Write what ends a worker."""
        log.error("server", message=_text(msg, args))

    def error(self, msg: object, *args: object, **_options: object) -> None:
        """Write what failed."""
        log.error("server", message=_text(msg, args))

    def warning(self, msg: object, *args: object, **_options: object) -> None:
        """Write what someone should look at."""
        log.warning("server", message=_text(msg, args))

    def exception(self, msg: object, *_args: object, **_options: object) -> None:
        """Write where the exception under way came from; `msg` alone, without what would be put into it."""
        error = sys.exc_info()[1]
        log.error("server", message=str(msg), **(describe_failure(error) if error is not None else {}))

    def info(self, *_args: object, **_options: object) -> None:
        """Leave out what is only interesting."""

    def debug(self, *_args: object, **_options: object) -> None:
        """Leave out what is only interesting to its makers."""


def _text(message: object, arguments: tuple[object, ...]) -> str:
    try:
        return str(message) % arguments if arguments else str(message)
    except (TypeError, ValueError):
        return str(message)
