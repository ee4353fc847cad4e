"""ConnectionAttempts: who waits for a connection waits until a deadline, whatever holds up the opening itself."""

import threading
import time

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authserver.db.connection_attempts import ConnectionAttempts

_A_MOMENT = 0.05


def _soon() -> float:
    return time.monotonic() + _A_MOMENT


def _later() -> float:
    return time.monotonic() + 10


class _Gate:
    """Something slow to open: it opens when told to, or fails."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = threading.Event()
        self.error: Exception | None = None
        self.kept: list[int] = []

    def open(self) -> int:
        """Open, once told to."""
        self.begun += 1
        number = self.begun
        self.go.wait(10)
        if self.error is not None:
            raise self.error
        return number


def _kept(gate: _Gate) -> list[int]:
    until = _later()
    while not gate.kept and time.monotonic() < until:
        time.sleep(0.001)
    return gate.kept


def test_what_is_opened_in_time_is_the_callers() -> None:
    gate = _Gate()
    gate.go.set()
    openings = ConnectionAttempts(gate.open, gate.kept.append)
    assert [openings.open(_later()), openings.open(_later())] == [1, 2]
    assert gate.kept == []


def test_what_opening_raises_is_raised_to_who_waits() -> None:
    gate = _Gate()
    gate.go.set()
    gate.error = ArithmeticError("no such server")
    with pytest.raises(ArithmeticError):
        ConnectionAttempts(gate.open, gate.kept.append).open(_later())


def test_nobody_waits_beyond_the_deadline_and_no_opening_is_begun_beside_one_that_nobody_waits_for() -> None:
    gate = _Gate()
    openings = ConnectionAttempts(gate.open, gate.kept.append)
    for _ in range(20):
        began = time.monotonic()
        with pytest.raises(PoolTimeoutError):
            openings.open(_soon())
        assert time.monotonic() - began < 1
    assert gate.begun == 1
    gate.go.set()
    assert _kept(gate) == [1]
    assert openings.open(_later()) == 2


def test_the_next_takes_over_what_is_under_way() -> None:
    gate = _Gate()
    openings = ConnectionAttempts(gate.open, gate.kept.append)
    with pytest.raises(PoolTimeoutError):
        openings.open(_soon())
    threading.Timer(_A_MOMENT, gate.go.set).start()
    assert openings.open(_later()) == 1
    assert gate.kept == []


def test_the_error_of_an_opening_that_nobody_waits_for_is_nobodys() -> None:
    gate = _Gate()
    openings = ConnectionAttempts(gate.open, gate.kept.append)
    with pytest.raises(PoolTimeoutError):
        openings.open(_soon())
    gate.error = ArithmeticError("of a minute ago")
    gate.go.set()
    for thread in [each for each in threading.enumerate() if each.name == "database-opening"]:
        thread.join(10)
    gate.error = None
    assert openings.open(_later()) == 2
