"""Places taken some at a time: never more than the limit, by however many, and not much less."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from authserver.limits import prefetched_quota as module
from authserver.limits.prefetched_quota import PrefetchedQuota
from authserver.limits.storage import SqliteStorage

NOW = 1_700_000_040


class _Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def _allotment(path: Path, clock: _Clock) -> PrefetchedQuota:
    return PrefetchedQuota(SlidingWindowCounterRateLimiter(SqliteStorage(path, clock)), clock)


def _admitted(allotment: PrefetchedQuota, limit: str, tries: int, caller: str = "caller") -> int:
    return sum(allotment.hit(parse(limit), "client", caller) for _ in range(tries))


def test_one_process_admits_exactly_the_limit(tmp_path: Path, clock: _Clock) -> None:
    assert _admitted(_allotment(tmp_path / "l", clock), "1000/minute", 1_100) == 1_000


def test_several_processes_never_admit_more_and_miss_little(tmp_path: Path, clock: _Clock) -> None:
    allotments = [_allotment(tmp_path / "l", clock) for _ in range(4)]
    admitted = sum(_admitted(allotment, "1000/minute", 1) for _ in range(300) for allotment in allotments)
    assert admitted == 1_000


def test_what_one_process_took_and_did_not_use_is_a_hundredth_at_most(tmp_path: Path, clock: _Clock) -> None:
    idle, busy = _allotment(tmp_path / "l", clock), _allotment(tmp_path / "l", clock)
    assert _admitted(idle, "1000/minute", 1) == 1
    assert _admitted(busy, "1000/minute", 1_100) == 990


def test_places_are_not_carried_into_the_next_window(tmp_path: Path, clock: _Clock) -> None:
    allotment = _allotment(tmp_path / "l", clock)
    assert _admitted(allotment, "1000/minute", 1) == 1
    clock.now += 120
    assert _admitted(allotment, "1000/minute", 1_100) == 1_000


def test_callers_do_not_share_places(tmp_path: Path, clock: _Clock) -> None:
    allotment = _allotment(tmp_path / "l", clock)
    assert [_admitted(allotment, "1000/minute", 1_100, name) for name in ("a", "b")] == [1_000, 1_000]


def test_however_many_others_call_a_caller_keeps_its_places(
    tmp_path: Path, clock: _Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strangers with many addresses fill what is held, and must not use up the places of whoever goes on calling."""
    monkeypatch.setattr(module, "_MOST_CALLERS", 10)
    allotment, item = _allotment(tmp_path / "l", clock), parse("1000/minute")
    admitted = 0
    for turn in range(200):
        admitted += allotment.hit(item, "client", "caller")
        for number in range(5):
            assert allotment.hit(item, "client", f"stranger {turn} {number}")
    assert admitted == 200


def test_threads_of_several_processes_at_once_never_admit_more(tmp_path: Path, clock: _Clock) -> None:
    allotments = [_allotment(tmp_path / "l", clock) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        admitted = sum(pool.map(lambda number: _admitted(allotments[number % 2], "2000/minute", 400), range(8)))
    assert 2_000 - 2 * 20 <= admitted <= 2_000


@given(
    amount=st.integers(1, 700),
    turns=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 400)), min_size=1, max_size=8),
)
def test_whoever_asks_in_whatever_order_the_limit_holds(amount: int, turns: list[tuple[int, int]]) -> None:
    clock, shared = _Clock(), SlidingWindowCounterRateLimiter(MemoryStorage())
    allotments = [PrefetchedQuota(shared, clock) for _ in range(3)]
    admitted = sum(_admitted(allotments[who], f"{amount}/day", tries) for who, tries in turns)
    asked = sum(tries for _, tries in turns)
    assert admitted <= amount
    assert admitted >= min(asked, amount) - 2 * (amount // 100)
