"""Doing one thing in many threads at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
THREADS = 6


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do each act in a thread of its own, all released at the same moment, and return what each answered."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], T]) -> T:
        gate.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [outcome.result() for outcome in [pool.submit(run, act) for act in acts]]
