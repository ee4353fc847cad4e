"""A notice that a session has ended, and how long it is tried to give it."""

from random import uniform
from typing import Final

from authserver.values import Value

MOST_ATTEMPTS: Final = 12
_FIRST_DELAY_SECONDS: Final = 5
LONGEST_DELAY_SECONDS: Final = 60 * 60
"""The longest pause between two attempts."""

_JITTER: Final = 0.2


class LogoutNotice(Value, frozen=True):
    """One app to be told of the end of one session. `due_at` is when, or until when the one who claimed it may take."""

    notice_id: str
    session_id: str
    account_id: str
    client_id: str
    happened_at: int
    attempts: int
    due_at: int


def delay_after(attempts: int) -> int | None:
    """Return after how many seconds to try again, or None after the last attempt: some three hours are tried.

    It doubles each time and varies by a fifth, so that an app that comes back is not asked everything at once.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    delay = min(_FIRST_DELAY_SECONDS << max(attempts - 1, 0), LONGEST_DELAY_SECONDS)
    return round(delay * uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - nothing secret about it
