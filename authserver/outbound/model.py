"""A letter that waits to be sent, and how long it may."""

from typing import Final

from authserver.values import Value

MOST_WAITING: Final = 8
"""How many letters of one person wait each for itself; what comes beyond is counted in one letter that says so."""

SPACING_SECONDS: Final = 5
"""How much later each further letter of a person is due, so that those of others go before it."""

MOST_ATTEMPTS: Final = 12
_FIRST_DELAY_SECONDS: Final = 10
LONGEST_DELAY_SECONDS: Final = 4 * 60 * 60
"""The longest pause between two attempts."""


class WaitingLetter(Value, frozen=True):
    """A letter in the queue: what happened to whose account and when; `detail` is the name of a thing, never a secret.

    `times` is for how many changes it stands. `due_at` is when it is tried next, or until when the one who has claimed
    it may take. `language` is that of the page on which it happened.
    """

    letter_id: str
    account_id: str
    name: str
    detail: str
    language: str
    happened_at: int
    times: int
    attempts: int
    due_at: int


def delay_after(attempts: int) -> int | None:
    """Return after how many seconds to try again, or None after the last attempt: about a day is tried."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return min(_FIRST_DELAY_SECONDS << 2 * max(attempts - 1, 0), LONGEST_DELAY_SECONDS)
