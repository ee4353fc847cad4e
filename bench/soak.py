"""A soak: mixed traffic on one worker for as long as is asked, to see whether its memory comes to rest."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import linear_regression, median, pstdev

from bench.cores import own_megabytes, resident_megabytes
from bench.generator import CONNECTIONS, BenchFailed, drive
from bench.measure import Target, check, percentile, warm_up
from bench.work import MIXED

_ROUND_SECONDS = 4.0
_SAMPLE = 24
_MARK = 100_000
_PARTS = 10
_LEAST_SAMPLES = 8
# What counts as growth: more than the samples scatter around the line, and more than a page here and there.
_SPREADS = 3.0
_LEAST_MEGABYTES = 1.0
_HOUR = 3600
VERDICT, GROWS = "verdict", "grows"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a round of the soak saw: seconds since the start, requests until then, and the round's own p99."""

    seconds: float
    requests: int
    rss_mb: float
    p99_ms: float


@dataclass(slots=True)
class Soak:
    """Every round of a soak, the first one first, and what the worker has in the end that it shares with no process."""

    samples: list[Sample] = field(default_factory=list)
    own_mb: float = 0.0

    def figures(self) -> Mapping[str, object]:
        """Return what it comes to, for a table."""
        last = self.samples[-1]
        marked = next((sample.rss_mb for sample in self.samples if sample.requests >= _MARK), None)
        return {
            "seconds": round(last.seconds),
            "requests": last.requests,
            "errors": 0,
            "memory at the start, MB": self.samples[0].rss_mb,
            f"memory after {_MARK:,} requests, MB": "not reached" if marked is None else marked,
            "memory at the end, MB": last.rss_mb,
            "of it the worker's own, shared with no process, MB": self.own_mb,
            "memory over time, MB": ", ".join(f"{median(each.rss_mb for each in part):.1f}" for part in self._parts()),
            "growth over the last half, MB an hour": growth_an_hour(self.last_half()),
            VERDICT: GROWS if grows(self.last_half()) else "at rest",
            "p99 over time, ms": ", ".join(f"{median(each.p99_ms for each in part):.0f}" for part in self._parts()),
        }

    def last_half(self) -> Sequence[Sample]:
        """Return the samples of the second half of the time."""
        return [sample for sample in self.samples if sample.seconds >= self.samples[-1].seconds / 2]

    def _parts(self) -> Sequence[Sequence[Sample]]:
        count = len(self.samples)
        return [self.samples[part * count // _PARTS : (part + 1) * count // _PARTS] for part in range(_PARTS)]


def soak(target: Target, seconds: float) -> Soak:
    """Keep the server under mixed traffic; the requests of a round are made between the rounds.

    Raises BenchFailed for the first round with a wrong answer, and where the time is too short to judge by.
    """
    seen, requests = Soak(), 0
    rate = warm_up(target.scene, MIXED, _ROUND_SECONDS / 2)
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        jobs = MIXED.build(target.scene, int(rate * _ROUND_SECONDS) + CONNECTIONS)
        load = drive(target.scene.address, jobs, seconds=_ROUND_SECONDS, keep=_SAMPLE, connections=CONNECTIONS)
        check(target.scene, MIXED, load)
        rate, requests = load.per_second, requests + load.requests
        p99 = percentile(sorted(load.latencies), 99)
        sample = Sample(time.monotonic() - started, requests, resident_megabytes(target.server), p99)
        seen.samples.append(sample)
        print(f"{sample.seconds:.0f} s: {requests:,} requests, {sample.rss_mb:.1f} MB, p99 {p99:.0f} ms", flush=True)
    if len(seen.last_half()) < _LEAST_SAMPLES:
        raise BenchFailed("the soak was too short to tell anything of its last half")
    seen.own_mb = own_megabytes(target.server)
    return seen


def growth_an_hour(samples: Sequence[Sample]) -> float:
    """Return the slope of the memory in megabytes an hour."""
    return _HOUR * linear_regression(*_axes(samples)).slope


def grows(samples: Sequence[Sample]) -> bool:
    """Tell whether memory grew over the samples beyond their own scatter around the line through them."""
    moments, sizes = _axes(samples)
    slope, intercept = linear_regression(moments, sizes)
    scatter = pstdev([size - slope * moment - intercept for moment, size in zip(moments, sizes, strict=True)])
    grown = slope * (moments[-1] - moments[0])
    return grown > max(_LEAST_MEGABYTES, _SPREADS * scatter)


def _axes(samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    return [sample.seconds for sample in samples], [sample.rss_mb for sample in samples]
