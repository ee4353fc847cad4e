"""Ratios of one side's runs to the other's, pair by pair."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.measure import Run
from bench.scene import OURS, PEER

_COMPARED = "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some figures, with the least and the greatest."""

    median: float
    min: float
    max: float


def spread_of(figures: Sequence[float]) -> Spread:
    """Return the spread of some figures; raises ValueError where there are none."""
    return Spread(median(figures), min(figures), max(figures))


def ratios(runs: Iterable[Run]) -> Mapping[str, Spread]:
    """Return ours over the peer's rate by kind of work, of runs on PostgreSQL in the order they were measured in.

    The first run of one side is compared with the first of the other, the second with the second, and so on. A kind
    that only one side was measured in has no ratio; a run without its counterpart raises ValueError.
    """
    return _paired(runs, lambda run: run.per_second)


def processor_ratios(runs: Iterable[Run]) -> Mapping[str, Spread]:
    """Return the same of what a second of the server's processor time does: less disturbed by other programs."""
    return _paired(runs, lambda run: 1e6 / run.server_us)


def _paired(runs: Iterable[Run], worth: Callable[[Run], float]) -> Mapping[str, Spread]:
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        if run.store == _COMPARED:
            found.setdefault(run.kind, {}).setdefault(run.side, []).append(worth(run))
    return {
        kind: spread_of([ours / peer for ours, peer in zip(sides[OURS], sides[PEER], strict=True)])
        for kind, sides in found.items()
        if sides.keys() >= {OURS, PEER}
    }
