"""A share of a core for each worker, by a control group, so that two workers can be compared with one on two cores.

Only root can make control groups, and only those of the first version are known here.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.cores import family, pin_process

_GROUPS = Path("/sys/fs/cgroup/cpu")
# Short periods, so that a worker out of its share does not stand still for long.
_PERIOD_MICROSECONDS = 10_000


def can_share() -> bool:
    """Tell whether workers can be given shares of cores here."""
    return os.access(_GROUPS, os.W_OK) and (_GROUPS / "cpu.cfs_quota_us").exists()


@contextmanager
def limited(workers: Mapping[int, int], share: float) -> Iterator[None]:
    """Keep each process on its core, and to this share of it, while the body runs."""
    folders = []
    try:
        for process_id, core in workers.items():
            pin_process(process_id, {core})
            folder = _GROUPS / f"authserver-bench-{process_id}"
            folder.mkdir()
            folders.append(folder)
            (folder / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS), encoding="ascii")
            (folder / "cpu.cfs_quota_us").write_text(str(int(share * _PERIOD_MICROSECONDS)), encoding="ascii")
            (folder / "cgroup.procs").write_text(str(process_id), encoding="ascii")
        yield
    finally:
        for folder in folders:
            _dissolve(folder)


def _dissolve(folder: Path) -> None:
    for process_id in (folder / "cgroup.procs").read_text(encoding="ascii").split():
        (_GROUPS / "cgroup.procs").write_text(process_id, encoding="ascii")
    folder.rmdir()


@contextmanager
def everywhere(process_ids: Iterable[int], cores: Iterable[int], back_to: int) -> Iterator[None]:
    """Let these processes and this one work on all the cores while the body runs."""
    known, allowed = [*process_ids, os.getpid()], set(cores)
    for process_id in known:
        for member in family(process_id) if process_id != os.getpid() else {process_id}:
            pin_process(member, allowed)
    try:
        yield
    finally:
        for process_id in known:
            for member in family(process_id) if process_id != os.getpid() else {process_id}:
                pin_process(member, {back_to})
