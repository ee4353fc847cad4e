"""What millions of expired rows cost: latency before them, among them, while they are purged, and after."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median

from authserver.db import tables
from bench.measure import Target, check, percentile, usage, warm_up
from bench.paced import drive_on_time, evenly
from bench.rows import connected, count_rows, multiply
from bench.work import INTROSPECTION, TOKEN, Work

_TABLES = (tables.claimed_ids, tables.issued_tokens)
_KINDS = (TOKEN, INTROSPECTION)
_PACE = 0.3
_ROUNDS = 5
_ROUND_SECONDS = 3.0
_SAMPLE = 24
_TWO_DAYS = 2 * 86_400
_STOP_SECONDS = 30.0


def measure_expired(target: Target, rows: int, limit_seconds: float) -> Mapping[str, object]:
    """Return latencies at 30 % of the capacity; `rows` expired rows are divided evenly among the tables that grow most.

    The purge is stopped where it takes longer than `limit_seconds`.
    """
    figures: dict[str, object] = {}
    paces = {work.kind: _PACE * warm_up(target.scene, work, _ROUND_SECONDS / 2) for work in _KINDS}
    with connected(target.scene) as connection:
        figures.update(_latencies(target, paces, "before"))
        for table in _TABLES:
            started = time.monotonic()
            multiply(connection, table, rows // len(_TABLES), age_seconds=_TWO_DAYS)
            print(
                f"{table.name}: {count_rows(connection, table):,} rows, {time.monotonic() - started:.0f} s", flush=True
            )
        connection.execute("CHECKPOINT")
        figures.update(_latencies(target, paces, "among them"))
        held, started = _held(target), time.monotonic()
        with _purging(target) as purge:
            figures.update(_latencies(target, paces, "during the purge"))
            seconds = _wait(purge, started + limit_seconds) - started
        figures["rows purged in a second"] = round((held - _held(target)) / seconds)
        figures["rows purged"], figures["rows"] = held - _held(target), held
        figures.update(_latencies(target, paces, "after the purge"))
    return figures


def _latencies(target: Target, paces: Mapping[str, float], when: str) -> Mapping[str, object]:
    figures: dict[str, object] = {}
    for work in _KINDS:
        seen = [_round(target, work, paces[work.kind]) for _ in range(_ROUNDS)]
        for place, name in enumerate(("p50 ms", "p99 ms", "database CPU µs")):
            figures[f"{work.title}, {when}: {name}"] = median(each[place] for each in seen)
    print(", ".join(f"{name} {value:.4g}" for name, value in figures.items()), flush=True)
    return figures


def _round(target: Target, work: Work, pace: float) -> tuple[float, float, float]:
    jobs, before = work.build(target.scene, max(1, int(pace * _ROUND_SECONDS))), usage(target)
    load = drive_on_time(target.scene.address, evenly(jobs, pace), _SAMPLE)[work.kind]
    check(target.scene, work, load)
    ordered = sorted(load.latencies)
    spent = (usage(target).store - before.store) / len(ordered)
    return percentile(ordered, 50), percentile(ordered, 99), spent * 1e6


@contextmanager
def _purging(target: Target) -> Iterator[subprocess.Popen[bytes]]:
    """Run the purge as an operator would."""
    command = [sys.executable, "-m", "authserver.cli.main", "db", "purge"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=target.scene.command.environment, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _wait(process: subprocess.Popen[bytes], deadline: float) -> float:
    """Return the moment at which the purge ended or the deadline came."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        print("The purge goes on beyond its time and is stopped.", flush=True)
    return time.monotonic()


def _held(target: Target) -> int:
    with connected(target.scene) as connection:
        return sum(count_rows(connection, table) for table in _TABLES)
