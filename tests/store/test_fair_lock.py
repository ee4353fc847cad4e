"""Turns: first come, first served, and no one waits for ever."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from authserver.db.fair_lock import FairLock
from authserver.protocol.errors import TemporarilyUnavailable


def _wait_until_queued(turns: FairLock, count: int) -> None:
    while len(turns._waiting) < count:  # noqa: SLF001 - nothing else tells that a thread has begun to wait
        time.sleep(0.001)


def test_threads_are_served_in_the_order_they_came() -> None:
    turns, served = FairLock(5), list[int]()

    def take(number: int) -> None:
        with turns.turn():
            served.append(number)

    with ThreadPoolExecutor(5) as pool:
        with turns.turn():
            for number in range(5):
                pool.submit(take, number)
                _wait_until_queued(turns, number + 1)
        with turns.turn():
            assert served == [0, 1, 2, 3, 4]


def test_who_lets_go_does_not_overtake_who_waits() -> None:
    turns, served = FairLock(5), list[str]()

    def take() -> None:
        with turns.turn():
            served.append("waiting")

    waiter = threading.Thread(target=take)
    with turns.turn():
        waiter.start()
        _wait_until_queued(turns, 1)
    with turns.turn():
        served.append("again")
    waiter.join()
    assert served == ["waiting", "again"]


def test_one_who_gave_up_waiting_is_passed_over() -> None:
    turns = FairLock(0.05)
    with ThreadPoolExecutor(1) as pool:
        with turns.turn():
            assert isinstance(pool.submit(turns.turn().__enter__).exception(), TemporarilyUnavailable)
        with turns.turn():
            pass


def test_a_turn_is_passed_on_when_its_work_fails() -> None:
    turns = FairLock(0.05)
    with pytest.raises(ArithmeticError), turns.turn():
        raise ArithmeticError
    with turns.turn():
        pass
