"""Judging a new password in a process of its own, since the estimate would hold every thread of a worker.

It is Python from end to end, up to a tenth of a second for a password that is made for it, and all that time no other
thread of the same process runs. The process is small, of low priority, and ends with its answer or by its deadline; it
gets the password on its standard input, never as an argument.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import orjson

from authserver.accounts.factors.password.policy import PROBLEMS, WeakPassword, check_form_of_password, check_strength
from authserver.protocol.errors import TemporarilyUnavailable

_DEADLINE_SECONDS: Final = 10.0
_NICENESS: Final = 5
_COMMAND: Final = (sys.executable, "-I", "-X", "utf8", "-m", "authserver.accounts.factors.password.strength_process")


class PasswordJudge:
    """Says whether a new password may be chosen; judges one at a time, and lets as many wait as is said.

    Whoever comes beyond these, waits too long, or gets no answer is sent away: nothing is chosen without a judgement.
    """

    def __init__(self, *, max_waiting: int = 2) -> None:
        self._running = threading.BoundedSemaphore(1)
        self._admitted = threading.BoundedSemaphore(1 + max_waiting)

    def check(self, password: str, context_words: Iterable[str]) -> None:
        """Raise WeakPassword unless a person of whom these words are known may choose this password.

        Raises TemporarilyUnavailable where it could not be judged.

        Spec: ASVS5-6.2.4, ASVS5-6.2.11, ASVS5-6.3.1
        """
        check_form_of_password(password)
        if not self._admitted.acquire(blocking=False):
            raise _busy("too many new passwords wait to be judged")
        try:
            if not self._running.acquire(timeout=_DEADLINE_SECONDS):
                raise _busy("no new password was judged in time")
            try:
                problem = _ask(password, context_words)
            finally:
                self._running.release()
        finally:
            self._admitted.release()
        if problem:
            raise WeakPassword(PROBLEMS[problem])


def _ask(password: str, context_words: Iterable[str]) -> str:
    """Return the name of what is wrong with a password, or nothing."""
    try:
        answer = subprocess.run(  # noqa: S603 - the command is fixed, and runs no shell
            _COMMAND,
            input=orjson.dumps([password, list(context_words)]),
            capture_output=True,
            check=True,
            timeout=_DEADLINE_SECONDS,
            env={},
        )
        problem = orjson.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise _busy(f"the judge of passwords gave no answer: {type(error).__name__}") from None
    if problem and problem not in PROBLEMS:
        raise _busy("the judge of passwords gave another answer")
    return str(problem)


def _busy(reason: str) -> TemporarilyUnavailable:
    return TemporarilyUnavailable(
        "Too many people are choosing a password. Try again in a moment.", reason=reason, clause="ASVS5-6.3.1"
    )


def _answer() -> None:
    """Judge the one password on standard input; what the process runs."""
    with suppress(OSError):
        os.nice(_NICENESS)
    password, words = orjson.loads(sys.stdin.buffer.read())
    problem = ""
    try:
        check_strength(password, words)
    except WeakPassword as weakness:
        problem = next(name for name, text in PROBLEMS.items() if text == weakness.problem)
    sys.stdout.buffer.write(orjson.dumps(problem))


if __name__ == "__main__":
    _answer()
