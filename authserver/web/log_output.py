"""Where log lines go: a disk that is full, or a reader that has stopped, costs lines and never an answer.

How many lines were lost is said in a line of its own as soon as there is room again.
"""

import select
from collections.abc import Callable
from datetime import UTC, datetime
from io import UnsupportedOperation
from typing import BinaryIO, Final

import orjson

from authserver.clock import system_clock

_PATIENCE_MILLISECONDS: Final = 1000


class LogOutput:
    """A binary file for whole lines, each written at once; whoever writes holds a lock, as structlog does.

    A pipe that takes nothing for a second loses its lines from then on, without a wait, until it takes some again.
    """

    def __init__(self, file: BinaryIO, patience_milliseconds: int = _PATIENCE_MILLISECONDS) -> None:
        # Unbuffered: what a buffer cannot write stays in it, and fails every line after it.
        self._write: Callable[[bytes], int | None] = getattr(file, "raw", file).write
        self._ready = _readiness(file)
        self._patience_milliseconds = patience_milliseconds
        self._lost = 0
        self._is_torn = False

    def write(self, line: bytes) -> int:
        """Write one line, its end included, or count it as lost."""
        # Even where the line before was lost this one is tried, since nothing else tells that there is room again.
        is_ready = self._ready(0 if self._lost else self._patience_milliseconds)
        if not (is_ready and self._write_whole(self._told_first() + line)):
            self._lost += 1
        else:
            self._lost = 0
        return len(line)

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    def _told_first(self) -> bytes:
        """Return what stands before the next line: the end of one that was cut, and how many were lost."""
        if not self._lost:
            return b""
        moment = datetime.fromtimestamp(system_clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        facts = {"lines": self._lost, "event": "log.lines_lost", "level": "warning", "timestamp": moment}
        return (b"\n" if self._is_torn else b"") + orjson.dumps(facts) + b"\n"

    def _write_whole(self, text: bytes) -> bool:
        rest = text
        try:
            while rest:
                rest = rest[self._write(rest) or 0 :]
        except (OSError, ValueError):  # no room, nobody who reads, or a file that was closed
            self._is_torn = self._is_torn or len(rest) < len(text)
            return False
        self._is_torn = False
        return True


def _readiness(file: BinaryIO) -> Callable[[int], bool]:
    """Return what waits so many milliseconds for a file to take a line; one without a descriptor always does."""
    try:
        descriptor = file.fileno()
    except (UnsupportedOperation, AttributeError):
        return lambda _milliseconds: True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return lambda milliseconds: bool(poll.poll(milliseconds))
