"""Latency at a load the server can bear: jobs at an even pace, at a share of what it was just measured to do."""

from collections.abc import Mapping, Sequence
from statistics import median

from bench.generator import BenchFailed
from bench.measure import Run, Target, check, percentile
from bench.paced import drive_on_time, evenly
from bench.ratios import spread_of
from bench.work import Work

SHARE = 0.7
_SAMPLE = 48


def latency_at_share(
    targets: Sequence[Target], work: Work, runs: Sequence[Run], rounds: int, seconds: float
) -> Mapping[str, object]:
    """Return each side's latencies at 70 % of its own measured capacity, the sides in turn."""
    seen: dict[str, list[tuple[float, float]]] = {target.scene.side: [] for target in targets}
    paces = {target.scene.side: SHARE * _capacity(target, work, runs) for target in targets}
    for _ in range(rounds):
        for target in targets:
            side = target.scene.side
            jobs = work.build(target.scene, max(1, int(paces[side] * seconds)))
            load = drive_on_time(target.scene.address, evenly(jobs, paces[side]), _SAMPLE)[work.kind]
            check(target.scene, work, load)
            ordered = sorted(load.latencies)
            seen[side].append((percentile(ordered, 50), percentile(ordered, 99)))
    figures: dict[str, object] = {}
    for side, pairs in seen.items():
        figures[f"{side}: jobs per second"] = round(paces[side], 1)
        figures[f"{side}: p50 ms"] = median(p50 for p50, _ in pairs)
        figures[f"{side}: p99 ms"] = median(p99 for _, p99 in pairs)
    if len(seen) > 1:
        ours, peers = seen.values()
        spread = spread_of([own[1] / other[1] for own, other in zip(ours, peers, strict=True)])
        figures["ours over the peer's, p99, median"] = spread.median
        figures["least"], figures["greatest"] = spread.min, spread.max
    return figures


def _capacity(target: Target, work: Work, runs: Sequence[Run]) -> float:
    rates = [
        run.per_second
        for run in runs
        if (run.kind, run.side, run.store) == (work.kind, target.scene.side, target.scene.store.name)
    ]
    if not rates:
        raise BenchFailed(f"{work.kind}, {target.scene.name}: its capacity was not measured")
    return median(rates)
