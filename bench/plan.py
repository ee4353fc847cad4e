"""How long to measure what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: pairs of runs for each kind of work, seconds of each run and of each half of the warm-up.

    `pairs_seconds` are all that the pairs may take together: on a slow machine there are fewer of them. After
    `more_limit_seconds` beyond that no other measurement is begun, and after `reference_limit_seconds` beyond that no
    run for reference.
    `references` says whether the other stores are measured too: our server on SQLite, the peer in memory.
    """

    pairs: int
    pairs_seconds: float
    seconds: float
    warm_up_seconds: float
    starts: int
    more_limit_seconds: float
    reference_limit_seconds: float
    more_rounds: int
    more_seconds: float
    profile_seconds: float
    references: bool


WHOLE = Plan(
    pairs=5,
    pairs_seconds=540,
    more_limit_seconds=140,
    reference_limit_seconds=160,
    seconds=2.5,
    warm_up_seconds=1.5,
    starts=3,
    more_rounds=3,
    more_seconds=4.0,
    profile_seconds=8.0,
    references=True,
)
QUICK = Plan(
    pairs=1,
    pairs_seconds=60,
    more_limit_seconds=30,
    reference_limit_seconds=0,
    seconds=0.6,
    warm_up_seconds=0.3,
    starts=1,
    more_rounds=1,
    more_seconds=1.2,
    profile_seconds=3.0,
    references=False,
)
