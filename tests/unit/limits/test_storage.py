import multiprocessing
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import parse
from limits.strategies import SlidingWindowCounterRateLimiter

from authserver.limits.rates import seconds_until_free
from authserver.limits.storage import SqliteStorage, default_path

NOW = 1_700_000_040  # the first second of a minute


class _Clock:
    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def _acquire_many(path: Path, tries: int, results: "multiprocessing.SimpleQueue[int]") -> None:
    storage = SqliteStorage(path, _Clock())
    results.put(sum(storage.acquire_sliding_window_entry("k", 50, 60) for _ in range(tries)))


def test_processes_that_share_a_file_together_get_exactly_the_limit(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.SimpleQueue[int] = context.SimpleQueue()
    path = tmp_path / "limits.sqlite"
    workers = [context.Process(target=_acquire_many, args=(path, 40, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert results.get() + results.get() == 50


def test_threads_of_one_storage_together_get_exactly_the_limit(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "limits.sqlite", _Clock())
    taken: list[bool] = []

    def acquire() -> None:
        taken.extend(storage.acquire_sliding_window_entry("k", 30, 60) for _ in range(20))

    threads = [threading.Thread(target=acquire) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), sum(taken)) == (80, 30)


def _count_across_a_fork(path: Path, results: "multiprocessing.SimpleQueue[int]") -> None:
    storage = SqliteStorage(path, _Clock())
    results.put(storage.incr("k", 60))
    child = os.fork()
    if child == 0:
        os._exit(storage.incr("k", 60))
    _, status = os.waitpid(child, 0)
    results.put(os.waitstatus_to_exitcode(status))
    results.put(storage.incr("k", 60))


def test_a_forked_child_counts_on_a_connection_of_its_own(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.SimpleQueue[int] = context.SimpleQueue()
    process = context.Process(target=_count_across_a_fork, args=(tmp_path / "limits.sqlite", results))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert [results.get() for _ in range(3)] == [1, 2, 3]


def test_a_fixed_window_starts_anew_once_it_has_ended(tmp_path: Path) -> None:
    clock = _Clock()
    storage = SqliteStorage(tmp_path / "limits.sqlite", clock)
    assert [storage.incr("k", 60), storage.incr("k", 60, 3)] == [1, 4]
    assert (storage.get("k"), storage.get_expiry("k")) == (4, NOW + 60)
    clock.now += 60
    assert (storage.get("k"), storage.get_expiry("k")) == (0, clock.now)
    assert storage.incr("k", 60) == 1


def test_the_last_window_weighs_by_what_is_left_of_this_one(tmp_path: Path) -> None:
    clock = _Clock()
    storage = SqliteStorage(tmp_path / "limits.sqlite", clock)
    assert all(storage.acquire_sliding_window_entry("k", 10, 60) for _ in range(10))
    assert not storage.acquire_sliding_window_entry("k", 10, 60)
    clock.now += 60 + 30
    assert [storage.acquire_sliding_window_entry("k", 10, 60) for _ in range(6)] == [True] * 5 + [False]
    assert storage.get_sliding_window("k", 60) == (10, 30.0, 5, 90.0)
    storage.clear_sliding_window("k", 60)
    assert storage.get_sliding_window("k", 60) == (0, 30.0, 0, 90.0)


def test_expired_rows_are_purged_in_bounded_batches_as_others_are_written(tmp_path: Path) -> None:
    clock = _Clock()
    path = tmp_path / "limits.sqlite"
    storage = SqliteStorage(path, clock)
    for number in range(2000):
        storage.incr(f"old{number}", 10)
    clock.now += 10
    for _ in range(600):
        storage.incr("new", 60)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT key FROM counters").fetchall() == [("new",)]
    connection.close()
    assert storage.reset() == 1


def test_a_file_that_is_no_database_is_reported_as_broken(tmp_path: Path) -> None:
    path = tmp_path / "limits.sqlite"
    path.write_bytes(b"not a database" * 100)
    assert not SqliteStorage(path, _Clock()).check()
    assert SqliteStorage(tmp_path / "good.sqlite", _Clock()).check()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.integers(0, 59), st.lists(st.integers(0, 70), max_size=25))
def test_who_waits_as_long_as_told_gets_a_place_and_not_a_second_earlier(
    amount: int, start: int, pauses: list[int]
) -> None:
    clock = _Clock(NOW + start)
    storage = SqliteStorage(Path(":memory:"), clock)
    item = parse(f"{amount}/minute")
    strategy = SlidingWindowCounterRateLimiter(storage)
    for pause in pauses:
        clock.now += pause
        strategy.hit(item, "k")
    while strategy.hit(item, "k"):
        pass
    wait = seconds_until_free(item, storage.get_sliding_window(item.key_for("k"), 60))
    refused_at = clock.now
    clock.now = refused_at + wait - 1
    assert not strategy.test(item, "k")
    clock.now = refused_at + wait
    assert strategy.hit(item, "k")


def test_counters_live_in_a_private_folder_of_shared_memory(tmp_path: Path) -> None:
    shared = tmp_path / "shm"
    shared.mkdir()
    path = default_path(tmp_path / "data", shared)
    assert path.parent.parent == shared
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert default_path(tmp_path / "data", shared) == path
    assert default_path(tmp_path / "other", shared) != path


@pytest.mark.parametrize("trap", ["symlink", "open", "file", "absent"])
def test_a_folder_that_is_not_ours_alone_is_not_used(tmp_path: Path, trap: str) -> None:
    shared, data = tmp_path / "shm", tmp_path / "data"
    folder = shared / f"authserver-{os.getuid()}"
    data.mkdir()
    if trap != "absent":
        shared.mkdir()
    if trap == "symlink":
        folder.symlink_to(data)
    elif trap == "open":
        folder.mkdir()
        folder.chmod(0o777)
    elif trap == "file":
        folder.write_text("")
    assert default_path(data, shared).parent == data
