"""The one way in which a page verifies a factor: counted first, and refused in the same words for everyone."""

from collections.abc import Callable
from typing import Generic, TypeVar

from flask import request

from authserver.accounts.attempts import Attempts
from authserver.accounts.lockout import Attempt, attempts_to_warn_of, minutes_to_wait
from authserver.interaction.step import DID_NOT_WORK
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.values import Assembly
from authserver.web.pages.cookies import DEVICE_COOKIE, read_cookie

T = TypeVar("T")
BLOCKED = "blocked"


class AttemptResult(Assembly, Generic[T], frozen=True):
    """A try and what its verification answered, which is None where it was not allowed; true if it succeeded."""

    attempt: Attempt
    value: T | None

    @property
    def is_blocked(self) -> bool:
        """Return whether a block stood, so that nothing was verified."""
        return not self.attempt.allowed

    def problem(self) -> dict[str, object]:
        """Return what the page shows of a failure: the same for a wrong factor, a locked and an unknown person.

        Spec: RTS-SCA-4.3, ASVS5-6.3.8
        """
        return {
            "error": DID_NOT_WORK,
            "attempts_left": attempts_to_warn_of(self.attempt),
            "wait_minutes": minutes_to_wait(self.attempt),
        }

    def __bool__(self) -> bool:
        return bool(self.value)


def verify_attempt(
    attempts: Attempts,
    account_key: str,
    now: int,
    verify: Callable[[], T],
    *,
    when_blocked: Callable[[], object] | None = None,
    proves_all: bool = False,
) -> AttemptResult[T]:
    """Count a try, verify it unless a block stands, and give it back if it was right.

    `when_blocked` does the work that would give a block away by its absence. A try that a busy server did not get to
    costs nothing. `proves_all`: whatever succeeds here leaves nothing to prove, so `proved_all` gives the try back.

    Spec: RTS-SCA-4.3
    """
    attempt = attempts.claim(account_key, _device(), now)
    if not attempt.allowed:
        if when_blocked is not None:
            when_blocked()
        return AttemptResult(attempt, None)
    try:
        value = verify()
    except TemporarilyUnavailable:
        attempts.give_back(attempt)
        raise
    if value and not proves_all:
        attempts.give_back(attempt)
    return AttemptResult(attempt, value)


def proved_all(attempts: Attempts, attempt: Attempt, account_id: str, now: int) -> str:
    """Forget the failures of someone with nothing left to prove, and return the cookie that makes their device known.

    To be called only then: tries on a known device are counted apart.

    Spec: RTS-SCA-4.3
    """
    return attempts.welcome(attempt, account_id, _device(), now)


def _device() -> str:
    return read_cookie(request.headers.get("Cookie", ""), DEVICE_COOKIE)
