"""When failed attempts make someone wait, and for how long.

Five failures in a row, of whichever factors, start a block that ends by itself and doubles each time; none lasts for
ever, so a stranger can delay a person but never shut them out. A right factor gives its own try back; only when
everything is proved are the earlier failures forgotten, or whoever has the password could wipe out wrong codes with it.
"""

from typing import Final

from authserver.values import Hidden, Value

MAX_FAILURES: Final = 5
WARNED_FROM: Final = 3
BLOCK_SECONDS: Final = (60, 120, 240, 480, 960, 1920, 3600)
MEMORY_SECONDS: Final = 24 * 3600
DEVICE_SECONDS: Final = 180 * 24 * 3600
MOST_DEVICES: Final = 10
_SECONDS_PER_MINUTE: Final = 60


class Attempt(Value, frozen=True):
    """A try that was counted as a failure before anything was verified, or that was not allowed.

    `left` is how many tries remain should this one fail; `wait_seconds` how long the block lasts that stands then.
    """

    counter_hash: Hidden[bytes]
    allowed: bool
    left: int
    wait_seconds: int


def block_seconds(earlier_blocks: int) -> int:
    """Return the length of the next block after so many: a minute, doubling up to an hour.

    Spec: RTS-SCA-4.3, ASVS5-6.3.1
    """
    return BLOCK_SECONDS[min(earlier_blocks, len(BLOCK_SECONDS) - 1)]


def counted(counter_hash: bytes, failures: int, blocked_until: int, now: int) -> Attempt:
    """Return the attempt that made the count of failures what it is.

    Spec: RTS-SCA-4.3
    """
    return Attempt(counter_hash, allowed=True, left=MAX_FAILURES - failures, wait_seconds=max(0, blocked_until - now))


def refused(counter_hash: bytes, blocked_until: int, now: int) -> Attempt:
    """Return an attempt that came while a block stood, and was neither counted nor may be verified.

    Spec: RTS-SCA-4.3
    """
    return Attempt(counter_hash, allowed=False, left=0, wait_seconds=max(1, blocked_until - now))


def attempts_to_warn_of(attempt: Attempt) -> int:
    """Return how many attempts to say are left once this one has failed: nothing before the third failure.

    Spec: RTS-SCA-4.4
    """
    return attempt.left if attempt.left <= MAX_FAILURES - WARNED_FROM else 0


def minutes_to_wait(attempt: Attempt) -> int:
    """Return after how many minutes to try again once this attempt has failed, rounded up, or 0.

    Spec: RTS-SCA-4.4
    """
    return -(-attempt.wait_seconds // _SECONDS_PER_MINUTE)
