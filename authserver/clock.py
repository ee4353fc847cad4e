"""The time, as a value that is passed on: the only reader of the system clock."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Answers the present moment in whole seconds since 1970-01-01 UTC."""


def system_clock() -> int:
    """Answer the machine's time in whole seconds."""
    return int(time.time())


def monotonic_milliseconds() -> int:
    """Answer a count of milliseconds that never goes back, to measure with."""
    return time.monotonic_ns() // 1_000_000
