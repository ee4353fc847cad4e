"""The time, as a value that is passed on: the only reader of the system clock."""

import time
from collections.abc import Callable
from typing import NamedTuple, Self

Clock = Callable[[], int]
"""Answers the present moment in whole seconds since 1970-01-01 UTC."""


def system_clock() -> int:
    """Answer the machine's time in whole seconds."""
    return int(time.time())


CLOCKS_APART_SECONDS = 15
"""By how much the clocks of two nodes may differ."""


def is_fresh(since: int, seconds: int, now: int, *, ahead_seconds: int = 0) -> bool:
    """Tell whether what was so at a moment is so for less than some seconds, by a clock that may have been set.

    Bounded on both sides: what was kept by a clock that was ahead is not fresh until that moment comes.
    `ahead_seconds` is by how much the clock of another node may be ahead.
    """
    return -ahead_seconds <= now - since < seconds


def is_ahead(moment: int, now: int) -> bool:
    """Tell whether a moment lies further ahead than the clocks of two nodes may differ: a clock was set back since.

    What then holds for some seconds from that moment would hold for longer, by as much as the clock was wrong.
    """
    return moment - now > CLOCKS_APART_SECONDS


class Expiry(NamedTuple):
    """When what was used once may be forgotten: once it has expired by the clock and has also lived that long.

    By the clock alone, one that was ahead for a moment would make it good again.
    """

    expires_at: int
    lived_out_at: int

    @classmethod
    def of(cls, expires_at: int, now: int, milliseconds: int) -> Self:
        """Return the expiry of what is used now, which is also some `milliseconds` of a clock that never goes back."""
        return cls(expires_at, milliseconds + (expires_at - now) * 1000)

    def is_over(self, now: int, milliseconds: int) -> bool:
        """Tell whether it may be forgotten."""
        return self.expires_at <= now and self.lived_out_at <= milliseconds


def monotonic_milliseconds() -> int:
    """Answer a count of milliseconds that never goes back, to measure with."""
    return time.monotonic_ns() // 1_000_000
