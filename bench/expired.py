"""What millions of expired rows cost: a server among them beside one without, and while they are purged."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median

from authserver.db.tables.grants import issued_tokens
from authserver.db.tables.one_time_ids import claimed_ids
from bench.measure import Target, check, percentile, usage, warm_up
from bench.paced import drive_on_time, evenly
from bench.processes import running
from bench.ratios import spread_of
from bench.rows import connected, count_rows, multiply
from bench.scene import limits_path, remove_limits, with_database_of_its_own
from bench.stage import free_port
from bench.work import INTROSPECTION, TOKEN, Work

_TABLES = (claimed_ids, issued_tokens)
_KINDS = (TOKEN, INTROSPECTION)
_DATABASE = "expired"
_PACE = 0.3
_ROUNDS = 7
_ROUND_SECONDS = 2.0
_SAMPLE = 24
_TWO_DAYS = 2 * 86_400
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What one round saw; the database's time is in microseconds of the processor for each request."""

    p50_ms: float
    p99_ms: float
    store_us: float


def measure_expired(target: Target, rows: int, limit_seconds: float) -> Mapping[str, object]:
    """Return latencies at 30 % of the capacity, in turn of a server without expired rows and of one among them.

    Both databases are on one PostgreSQL; `rows` are divided evenly among the two tables that grow most. The purge is
    stopped where it takes longer than `limit_seconds`.
    """
    figures: dict[str, object] = {}
    with _filled(target, rows) as full:
        paces = {work.kind: _PACE * min(warm_up(each.scene, work, 2.0) for each in (target, full)) for work in _KINDS}
        figures.update(_compare(target, full, paces, "among them"))
        held, started = _held(full), time.monotonic()
        with _purging(full) as purge:
            figures.update(_compare(target, full, paces, "during the purge"))
            seconds = _wait(purge, started + limit_seconds) - started
        left = _held(full)
        figures["expired rows, and rows purged"] = f"{rows:,}, {held - left:,}"
        figures["rows purged in a second, beside the load"] = round((held - left) / seconds)
        figures.update(_compare(target, full, paces, "after the purge"))
    return figures


@contextmanager
def _filled(target: Target, rows: int) -> Iterator[Target]:
    """Serve our server on a database of its own in which so many rows have expired."""
    with connected(target.scene) as connection:
        connection.execute(f"CREATE DATABASE {_DATABASE}")
    store = replace(target.scene.store, url=target.scene.store.url.replace("/postgres?", f"/{_DATABASE}?"))
    port = free_port()
    limits = limits_path(target.scene).with_name(f"limits-{os.getpid()}-{port}.sqlite")
    scene = with_database_of_its_own(target.scene, store, port, limits_path=limits)
    try:
        with running(scene.command, frozenset({target.cores.server})) as server:
            warm_up(scene, TOKEN, 1.0)
            with connected(scene) as connection:
                for table in _TABLES:
                    multiply(connection, table, rows // len(_TABLES), age_seconds=_TWO_DAYS)
                    print(f"{table.name}: {count_rows(connection, table):,} rows", flush=True)
                connection.execute("CHECKPOINT")
            yield Target(scene, server.process_id, target.cores)
    finally:
        remove_limits(limits)


def _compare(empty: Target, full: Target, paces: Mapping[str, float], when: str) -> Mapping[str, object]:
    figures: dict[str, object] = {}
    for work in _KINDS:
        pairs = [(_round(empty, work, paces[work.kind]), _round(full, work, paces[work.kind])) for _ in range(_ROUNDS)]
        figures.update(_figures(f"{work.title}, {when}", pairs))
    for name, value in figures.items():
        print(f"{name}: {value}", flush=True)
    return figures


def _figures(name: str, pairs: Sequence[tuple[Seen, Seen]]) -> Mapping[str, object]:
    figures: dict[str, object] = {}
    for member, title in (("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"), ("store_us", "database CPU µs")):
        values = [(getattr(one, member), getattr(other, member)) for one, other in pairs]
        ratio = spread_of([among / without for without, among in values])
        without, among = (median(side) for side in zip(*values, strict=True))
        figures[f"{name}: {title} without, with, ratio (range)"] = (
            f"{without:.3g}, {among:.3g}, {ratio.median:.2f} ({ratio.min:.2f}-{ratio.max:.2f})"
        )
    return figures


def _round(target: Target, work: Work, pace: float) -> Seen:
    jobs, before = work.build(target.scene, max(1, int(pace * _ROUND_SECONDS))), usage(target)
    load = drive_on_time(target.scene.address, evenly(jobs, pace), _SAMPLE)[work.kind]
    spent = (usage(target).store - before.store) / len(load.latencies)
    check(target.scene, work, load)
    ordered = sorted(load.latencies)
    return Seen(percentile(ordered, 50), percentile(ordered, 99), spent * 1e6)


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
