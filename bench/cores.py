"""Which core works for whom, and how much processor time a program and all its children have used.

The server has one core to itself; database, generator and this program share another.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_KIBIBYTE = 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LEAST_CORES = 2
# Fields of /proc/PID/stat after the name in parentheses, counted from the process's state.
_PARENT, _FIRST_TIME, _KERNEL_TIME, _LAST_TIME = 1, 11, 12, 15
# Fields of a `cpuN` line of /proc/stat: idle and iowait are the two that are no work.
_IDLE, _IO_WAIT, _STOLEN = 3, 4, 7


@dataclass(frozen=True, slots=True)
class Cores:
    """The server's core and the one that everything else shares."""

    server: int
    others: int

    @property
    def both(self) -> frozenset[int]:
        """Return both cores."""
        return frozenset({self.server, self.others})


def choose_cores() -> Cores:
    """Return the first two cores this program may use; raises ValueError where there is only one."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < _LEAST_CORES:
        raise ValueError("the bench needs two cores: one for the server, one for the database and the generator")
    return Cores(available[0], available[1])


def pin(core: int) -> None:
    """Keep this thread, and every program it starts from now on, on one core."""
    os.sched_setaffinity(0, {core})


def pin_process(process_id: int, cores: Iterable[int]) -> None:
    """Keep every thread of a process on these cores, and those it starts from now on."""
    allowed = set(cores)
    for thread in Path(f"/proc/{process_id}/task").iterdir():
        os.sched_setaffinity(int(thread.name), allowed)


@contextmanager
def pinned(cores: Iterable[int]) -> Iterator[None]:
    """Keep this thread, and every program it starts meanwhile, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def used_seconds(process_id: int) -> float:
    """Return the processor time of a process, its living descendants, and those of them that ended before."""
    stats = dict(_stats())
    times = (stats[member][_FIRST_TIME:_LAST_TIME] for member in family(process_id, stats) if member in stats)
    return sum(int(ticks) for fields in times for ticks in fields) / _TICKS


def kernel_seconds(process_id: int) -> float:
    """Return how much of the processor time of a process and its living descendants was the kernel's."""
    stats = dict(_stats())
    return sum(int(stats[member][_KERNEL_TIME]) for member in family(process_id, stats) if member in stats) / _TICKS


def family(process_id: int, stats: Mapping[int, Sequence[str]] | None = None) -> frozenset[int]:
    """Return a process and its living descendants."""
    known = dict(_stats()) if stats is None else stats
    found = {process_id}
    # A parent is older than its child, and so mostly of a lower id, but ids wrap around: repeat until nothing is new.
    while grown := {child for child, fields in known.items() if int(fields[_PARENT]) in found} - found:
        found |= grown
    return frozenset(found)


def resident_megabytes(process_id: int) -> float:
    """Return the resident memory of the largest process of a family: a worker, where there are workers."""
    return max(_resident(member) for member in family(process_id))


def own_megabytes(process_id: int) -> float:
    """Return what the largest process of a family has in memory that it shares with no other.

    Raises OSError where it has just ended.
    """
    largest = max(family(process_id), key=_resident)
    lines = Path(f"/proc/{largest}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * _KIBIBYTE / 1e6


def _resident(process_id: int) -> float:
    try:
        text = Path(f"/proc/{process_id}/statm").read_text(encoding="ascii")
    except OSError:  # it has just ended
        return 0.0
    return int(text.split()[1]) * _PAGE / 1e6


def busy_seconds(cores: Cores) -> float:
    """Return how long the two cores have worked for anyone at all, the time a hypervisor took away included."""
    wanted = {f"cpu{core}" for core in (cores.server, cores.others)}
    total = 0
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *fields = line.split()
        if name in wanted:
            counted = [int(ticks) for ticks in fields[: _STOLEN + 1]]
            total += sum(counted) - counted[_IDLE] - counted[_IO_WAIT]
    return total / _TICKS


def _stats() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:  # it has just ended
                continue
            yield int(folder.name), text.rpartition(")")[2].split()
