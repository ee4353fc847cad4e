"""Load at a fixed pace, whatever the server does: what is late because it is slow counts as its latency."""

import select
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bench.generator import Address, Job, Line, Load, check_loopback, no_collections, open_lines, ready

_LINES = 64
_LEAST_WAIT_SECONDS = 0.001
_LONGEST_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """A job and when it is to begin, in seconds from the start."""

    seconds: float
    job: Job


def evenly(jobs: Sequence[Job], per_second: float) -> list[Due]:
    """Return the jobs at an even pace."""
    return [Due(number / per_second, job) for number, job in enumerate(jobs)]


def drive_on_time(address: Address, schedule: Sequence[Due], keep: int, connections: int = _LINES) -> dict[str, Load]:
    """Begin each job when it is due and return what was seen, by kind.

    A job that finds no free connection waits for one, and its latency counts from when it was due.
    """
    check_loopback(address)
    loads = {due.job.kind: Load() for due in schedule}
    coming, waiting = deque(sorted(schedule, key=lambda due: due.seconds)), 0
    stride = max(1, len(schedule) // max(1, keep))
    with open_lines(address, connections) as lines, no_collections(), select.epoll() as poll:
        for number in lines:
            poll.register(number, select.EPOLLIN)
        free, started, spent = deque(lines.values()), time.perf_counter_ns(), time.process_time()
        while coming or waiting:
            waiting += _begin_due(coming, free, started)
            for line in _answered(poll, lines, coming, waiting, started):
                load = loads[line.kind]
                if not line.receive() or line.go_on(load):
                    continue
                load.note(line, time.perf_counter_ns(), stride)
                free.append(line)
                waiting -= 1
        for load in loads.values():
            load.seconds = (time.perf_counter_ns() - started) / 1e9
            load.generator_seconds = time.process_time() - spent
    return loads


def _begin_due(coming: deque[Due], free: deque[Line], started: int) -> int:
    """Begin what is due as far as there are free connections, and return how many jobs that was."""
    begun = 0
    while coming and free:
        now, due = time.perf_counter_ns(), started + int(coming[0].seconds * 1e9)
        if due > now:
            break
        free.popleft().begin(coming.popleft().job, due)
        begun += 1
    return begun


def _answered(poll: select.epoll, lines: dict[int, Line], coming: deque[Due], waiting: int, started: int) -> list[Line]:
    """Return the connections on which something came before the next job is due."""
    if coming and len(lines) > waiting:
        until = started / 1e9 + coming[0].seconds - time.perf_counter()
        wait = min(max(until, _LEAST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)
        return [lines[number] for number, _ in poll.poll(wait)]
    return list(ready(poll, lines))
