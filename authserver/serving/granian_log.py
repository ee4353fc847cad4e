"""What granian says of itself, as lines of our own log: one JSON object each."""

import logging

from authserver.web.request_log import describe_failure, log


class JsonHandler(logging.Handler):
    """Takes what a library says through Python's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, its exception by type and place."""
        error = record.exc_info[1] if record.exc_info else None
        facts = describe_failure(error) if error is not None else {}
        write = log.error if record.levelno >= logging.ERROR else log.warning
        write("server", message=record.getMessage(), **facts)
