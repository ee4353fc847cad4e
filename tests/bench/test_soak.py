"""What a soak concludes of the memory it has seen."""

import os
import random
from collections.abc import Callable

import pytest

from bench.cores import own_megabytes, resident_megabytes
from bench.soak import Sample, Soak, grows, growth_an_hour


def soaked(memory: Callable[[float], float], *, rounds: int = 100, scatter: float = 0.2) -> Soak:
    """Return a soak of so many rounds of six seconds, of 1,500 requests each."""
    noise = random.Random(7)  # noqa: S311 - scatter, the same at each run
    return Soak(
        [
            Sample(6.0 * number, 1500 * number, memory(6.0 * number) + noise.uniform(-scatter, scatter), 20.0)
            for number in range(1, rounds + 1)
        ]
    )


@pytest.mark.parametrize("an_hour", [30.0, 60.0, 500.0])
def test_a_leak_is_told_by_its_slope(an_hour: float) -> None:
    samples = soaked(lambda seconds: 80 + an_hour * seconds / 3600).last_half()
    assert grows(samples)
    assert growth_an_hour(samples) == pytest.approx(an_hour, rel=0.2)


@pytest.mark.parametrize("scatter", [0.0, 0.2, 3.0])
def test_memory_that_comes_to_rest_is_no_leak_however_it_scatters(scatter: float) -> None:
    assert not grows(soaked(lambda seconds: min(90.0, 70 + seconds / 10), scatter=scatter).last_half())


def test_the_first_half_may_grow_and_memory_may_shrink() -> None:
    assert not grows(soaked(lambda seconds: 120 - seconds / 100).last_half())


def test_the_figures_name_what_was_reached_and_what_was_not() -> None:
    long, short = soaked(lambda _: 85.0, scatter=0), soaked(lambda _: 85.0, scatter=0, rounds=30)
    figures = long.figures()
    assert (figures["requests"], figures["memory after 100,000 requests, MB"], figures["verdict"]) == (
        150_000,
        85.0,
        "at rest",
    )
    assert short.figures()["memory after 100,000 requests, MB"] == "not reached"


def test_what_a_process_shares_with_no_other_is_a_part_of_its_memory() -> None:
    assert 1 < own_megabytes(os.getpid()) < resident_megabytes(os.getpid())
