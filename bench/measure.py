"""One run of one kind of work on one scene: warm up, load, verify, and account for the processor time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.cores import Cores, busy_seconds, resident_megabytes, used_seconds
from bench.generator import CONNECTIONS, BenchFailed, Expected, Job, Load, Request, ask, drive, show
from bench.scene import Scene
from bench.verify import Facts, fetch_keys
from bench.work import WORKS, Work

_SAMPLE = 24
_FIRST_JOBS = 100
_MORE_THAN_NEEDED = 1.7
_MOST_JOBS = 80_000
_REFUSED = Expected(401, b'"invalid_client"')


@dataclass(frozen=True, slots=True)
class Target:
    """A scene with the process that serves it and the cores in use."""

    scene: Scene
    server: int
    cores: Cores


@dataclass(frozen=True, slots=True)
class Run:
    """What one run measured; times of the processor are in microseconds for each job.

    `requests` counts the requests within code flows too. `store_us` is None where the database is in the server.
    `generator_busy` is the generator's share of the second core while it drove the load, `beside_busy` that of
    generator and database; `others_busy` is the share of both cores that went to neither server, database nor
    generator.
    """

    kind: str
    side: str
    store: str
    jobs: int
    requests: int
    seconds: float
    per_second: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    server_us: float
    store_us: float | None
    generator_us: float
    server_busy: float
    generator_busy: float
    beside_busy: float
    others_busy: float
    rss_mb: float
    errors: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds up to a moment: the server's, the database's, the bench's own, and everyone's on both cores."""

    moment: float
    server: float
    store: float
    own: float
    everyone: float


def measure(target: Target, work: Work, seconds: float, rate: float) -> Run:
    """Measure one kind of work for so many seconds; raises BenchFailed where an answer does not hold.

    `rate` is how much of it is done in a second, as far as it is known: so many jobs are made beforehand.
    """
    scene = target.scene
    jobs = work.build(scene, min(_MOST_JOBS, int(rate * seconds * _MORE_THAN_NEEDED) + CONNECTIONS))
    recorded = scene.backstage.recorded(work.kind)
    before = usage(target)
    load = drive(scene.address, jobs, seconds=seconds, keep=2 * _SAMPLE, connections=CONNECTIONS)
    after = usage(target)
    check(scene, work, load)
    if recorded is not None:
        _check_recorded((scene.backstage.recorded(work.kind) or 0) - recorded, len(load.latencies))
    if work.once:
        _check_refused(scene, jobs[0])
    return summarize(target, work.kind, load, before, after)


def warm_up(scene: Scene, work: Work, seconds: float) -> float:
    """Do some of the work, verify it, and return how much of it was done in a second."""
    rate = _do(scene, work, _FIRST_JOBS, seconds)
    return _do(scene, work, int(rate * seconds), seconds)


def _do(scene: Scene, work: Work, count: int, seconds: float) -> float:
    jobs = work.build(scene, min(_MOST_JOBS, count + CONNECTIONS))
    load = drive(scene.address, jobs, seconds=seconds, keep=2 * _SAMPLE, connections=CONNECTIONS)
    check(scene, work, load)
    return load.per_second


def check(scene: Scene, work: Work, load: Load) -> None:
    """Verify the answers that were kept; those that were wrong are shown and end the bench."""
    if load.wrong:
        raise BenchFailed(
            f"{work.kind}, {scene.name}: {load.wrong} wrong answers of {load.requests}; the first:\n"
            f"{show(load.wrong_answers[0])}"
        )
    if not load.kept:
        raise BenchFailed(f"{work.kind}, {scene.name}: no answer was kept to be verified")
    keys, now = fetch_keys(scene.address), int(time.time())
    marks = [WORKS[kind].verify(body, Facts(keys, WORKS[kind].client(scene), now)) for kind, body in load.kept]
    unique = [mark for mark in marks if mark is not None]
    if len(set(unique)) != len(unique):
        raise BenchFailed(f"{work.kind}, {scene.name}: two answers carry the same token or reference")


def _check_recorded(found: int, expected: int) -> None:
    if found != expected:
        raise BenchFailed(f"the rows of {expected} answers were promised, those of {found} are in the database")


def _check_refused(scene: Scene, job: Job) -> None:
    """Check that a request sent a second time is refused: its assertion was used."""
    if isinstance(job.work, Request):
        ask(scene.address, job.work.wire, _REFUSED)


def usage(target: Target) -> Usage:
    """Return what everyone has used of the processor so far."""
    store = target.scene.store.process_id
    return Usage(
        # The clocks that are compared with one another first: walking through all processes takes its time.
        moment=time.monotonic(),
        everyone=busy_seconds(target.cores),
        own=time.process_time(),
        server=used_seconds(target.server),
        store=used_seconds(store) if store is not None else 0.0,
    )


def summarize(target: Target, kind: str, load: Load, before: Usage, after: Usage) -> Run:
    """Return the figures of a load between two readings of what was used."""
    count, scene = len(load.latencies), target.scene
    server, store = after.server - before.server, after.store - before.store
    others = after.everyone - before.everyone - server - store - (after.own - before.own)
    ordered = sorted(load.latencies)
    return Run(
        kind=kind,
        side=scene.side,
        store=scene.store.name,
        jobs=count,
        requests=load.requests,
        seconds=load.seconds,
        per_second=load.per_second,
        p50_ms=percentile(ordered, 50),
        p99_ms=percentile(ordered, 99),
        p999_ms=percentile(ordered, 99.9),
        server_us=server / count * 1e6,
        store_us=store / count * 1e6 if scene.store.process_id is not None else None,
        generator_us=load.generator_seconds / count * 1e6,
        server_busy=server / load.seconds,
        generator_busy=load.generator_seconds / load.seconds,
        beside_busy=(store + load.generator_seconds) / load.seconds,
        others_busy=max(0.0, others) / (2 * (after.moment - before.moment)),
        rss_mb=resident_megabytes(target.server),
        errors=load.wrong,
    )


def percentile(ordered: Sequence[int], percent: float) -> float:
    """Return a percentile of sorted nanoseconds, in milliseconds."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] / 1e6
