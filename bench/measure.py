"""One run of one kind of work on one scene: warm up, load, verify, and account for the processor time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from bench.cores import Cores, busy_seconds, used_seconds
from bench.generator import CONNECTIONS, BenchFailed, Expected, Load, ask, drive, show
from bench.scene import Scene
from bench.verify import Facts, fetch_keys
from bench.work import Work, count_rows

_SAMPLE = 24
_WARM_UP_REQUESTS = 300
_MORE_THAN_NEEDED = 1.5
_MOST_REQUESTS = 60_000
_REFUSED = Expected(401, b'"invalid_client"')


@dataclass(frozen=True, slots=True)
class Target:
    """A scene with the process that serves it and the cores in use."""

    scene: Scene
    server: int
    cores: Cores


@dataclass(frozen=True, slots=True)
class Run:
    """What one run measured; times of the processor are in microseconds for each request."""

    work: str
    store: str
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    server_us: float
    store_us: float | None
    generator_us: float
    server_busy: float
    others_busy: float
    errors: int


@dataclass(frozen=True, slots=True)
class _Usage:
    """Processor seconds up to a moment: the server's, the database's, the bench's own, and everyone's on both cores."""

    moment: float
    server: float
    store: float
    own: float
    everyone: float


def measure(target: Target, work: Work, seconds: float) -> Run:
    """Measure one kind of work for so many seconds; raises BenchFailed where an answer does not hold."""
    scene = target.scene
    rate = _warm_up(scene, work, seconds)
    requests = _wire(scene, work, min(_MOST_REQUESTS, int(rate * seconds * _MORE_THAN_NEEDED) + 1))
    rows = count_rows(scene, work.table) if work.table is not None else 0
    before = _usage(target)
    load = drive(scene.address, requests, work.expected, seconds=seconds, keep=2 * _SAMPLE, connections=CONNECTIONS)
    after = _usage(target)
    _check(scene, work, load)
    if work.table is not None:
        _check_recorded(count_rows(scene, work.table) - rows, work.rows * len(load.latencies))
    if work.once:
        ask(scene.address, requests[0], _REFUSED)
    return _run(target, work, load, before, after)


def _warm_up(scene: Scene, work: Work, seconds: float) -> float:
    requests = _wire(scene, work, _WARM_UP_REQUESTS)
    load = drive(scene.address, requests, work.expected, seconds=seconds, keep=2 * _SAMPLE, connections=CONNECTIONS)
    _check(scene, work, load)
    return load.per_second


def _wire(scene: Scene, work: Work, count: int) -> list[bytes]:
    return [message.wire() for message in work.build(scene, count)]


def _check(scene: Scene, work: Work, load: Load) -> None:
    """Verify the answers that were kept; those that were wrong are shown and end the bench."""
    if load.wrong:
        raise BenchFailed(
            f"{work.name}, {scene.store.name}: {load.wrong} wrong answers of {len(load.latencies)}; the first:\n"
            f"{show(load.wrong_answers[0])}"
        )
    if not load.kept:
        raise BenchFailed(f"{work.name}, {scene.store.name}: no answer was kept to be verified")
    facts = Facts(fetch_keys(scene.address), work.client(scene), int(time.time()))
    marks = [work.verify(orjson.loads(body), facts) for body in load.kept]
    unique = [mark for mark in marks if mark is not None]
    if len(set(unique)) != len(unique):
        raise BenchFailed(f"{work.name}, {scene.store.name}: two answers carry the same token or reference")


def _check_recorded(found: int, expected: int) -> None:
    if found != expected:
        raise BenchFailed(f"{expected} rows were promised, {found} are in the database")


def _usage(target: Target) -> _Usage:
    store = target.scene.store.process_id
    return _Usage(
        # The clocks that are compared with one another first: walking through all processes takes its time.
        moment=time.monotonic(),
        everyone=busy_seconds(target.cores),
        own=time.process_time(),
        server=used_seconds(target.server),
        store=used_seconds(store) if store is not None else 0.0,
    )


def _run(target: Target, work: Work, load: Load, before: _Usage, after: _Usage) -> Run:
    count = len(load.latencies)
    server, store = after.server - before.server, after.store - before.store
    others = after.everyone - before.everyone - server - store - (after.own - before.own)
    return Run(
        work=work.name,
        store=target.scene.store.name,
        requests=count,
        per_second=load.per_second,
        p50_ms=_percentile(load.latencies, 50),
        p99_ms=_percentile(load.latencies, 99),
        server_us=server / count * 1e6,
        store_us=store / count * 1e6 if target.scene.store.process_id is not None else None,
        generator_us=load.generator_seconds / count * 1e6,
        server_busy=server / load.seconds,
        others_busy=max(0.0, others) / (2 * (after.moment - before.moment)),
        errors=load.wrong,
    )


def _percentile(latencies: Sequence[int], percent: int) -> float:
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] / 1e6
