"""Counters in one process's memory: they count as the shared ones do, are bounded, and start no thread."""

import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from authserver.events.model import Event
from authserver.limits.fallback import FallbackStorage
from authserver.limits.process import ProcessStorage
from authserver.limits.storage import SqliteStorage

_KEYS = st.sampled_from(["a", "b"])
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "count", "look", "read", "clear"]), _KEYS, st.integers(1, 3), st.integers(0, 40)
    ),
    max_size=30,
)


class _Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


def _do(storage: SqliteStorage | ProcessStorage, act: str, key: str, amount: int) -> object:
    if act == "take":
        return storage.acquire_sliding_window_entry(key, 5, 60, amount)
    if act == "count":
        return storage.incr(f"fixed-{key}", 60, amount)
    if act == "look":
        return storage.get_sliding_window(key, 60)
    if act == "read":
        return storage.get(f"fixed-{key}"), storage.get_expiry(f"fixed-{key}")
    storage.clear(f"fixed-{key}")
    return storage.clear_sliding_window(key, 60)


@given(steps=_STEPS)
def test_it_counts_as_the_shared_storage_does(tmp_path_factory: object, steps: list[tuple[str, str, int, int]]) -> None:
    clock = _Clock()
    folder = tmp_path_factory.mktemp("limits")  # type: ignore[attr-defined]
    shared, own = SqliteStorage(Path(folder) / "limits.sqlite", clock), ProcessStorage(clock)
    for act, key, amount, seconds in steps:
        clock.now += seconds
        assert _do(own, act, key, amount) == _do(shared, act, key, amount)


def test_it_keeps_so_many_counters_and_no_more() -> None:
    storage = ProcessStorage(_Clock(), most=100)
    for number in range(1000):
        assert storage.acquire_sliding_window_entry(f"stranger-{number}", 5, 60)
        storage.incr(f"stranger-{number}", 60)
    assert len(storage) == 100


def test_who_comes_again_and_again_stays_counted_among_strangers() -> None:
    storage = ProcessStorage(_Clock(), most=100)
    assert all(storage.acquire_sliding_window_entry("flooder", 5, 60) for _ in range(5))
    for number in range(1000):
        storage.acquire_sliding_window_entry(f"stranger-{number}", 5, 60)
        assert not storage.acquire_sliding_window_entry("flooder", 5, 60)


class _Broken:
    """A storage that is away."""

    def __getattr__(self, _name: str) -> object:
        raise ConnectionError


def test_counting_in_memory_starts_no_thread_and_is_bounded() -> None:
    told: list[Event] = []
    before = set(threading.enumerate())
    storage = FallbackStorage(primary=_Broken(), events=told.append, clock=_Clock())  # type: ignore[arg-type]
    for number in range(60_000):
        storage.acquire_sliding_window_entry(f"stranger-{number}", 5, 60)
    assert set(threading.enumerate()) <= before  # one of another test may end meanwhile
    assert len(storage._memory) == 50_000  # type: ignore[arg-type]  # noqa: SLF001 - nothing else tells how much is kept
    assert [event.name for event in told] == ["limits.storage_failed"]
