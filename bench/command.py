"""The bench's command: what is measured in which order, and where the figures go."""

import argparse
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from authserver.sandbox.authority import create_authority
from bench.cores import choose_cores, pin, pinned
from bench.generator import BenchFailed
from bench.layers import profile_layers
from bench.measure import Run, Target, measure
from bench.report import render_layers, render_runs, write_results
from bench.scene import THREADS, new_clients, prepare_scene, served
from bench.stores import ROOT, scratch_folder, sqlite_store, start_postgresql
from bench.work import EVERY_WORK

_RESULTS = ROOT / "bench" / "results" / "latest.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: rounds of all work on all databases, seconds of each run, requests of each profile."""

    rounds: int
    seconds: float
    profiled: int


_DEFAULT = Plan(rounds=3, seconds=2.0, profiled=600)
_QUICK = Plan(rounds=1, seconds=1.0, profiled=100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print two tables and write the results; returns the exit status."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description="Load the server on this machine and measure.")
    parser.add_argument("--quick", action="store_true", help="one short round: under a minute, for a first look")
    parser.add_argument("--log-level", default="warning", help="the server's log level; `info` is its own default")
    parser.add_argument("--output", type=Path, default=_RESULTS, help="where the figures go as JSON")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        _bench(_QUICK if options.quick else _DEFAULT, options.log_level, options.output)
    except (BenchFailed, ValueError) as error:
        print(f"The bench failed: {error}", file=sys.stderr)
        return 1
    print(f"\nTook {time.monotonic() - started:.0f} s; written to {options.output}.")
    return 0


def _bench(plan: Plan, log_level: str, output: Path) -> None:
    with _targets(log_level) as targets:
        runs = _run_all(plan, targets)
        print("\n" + render_runs(runs))
        with pinned(targets[0].cores.server):
            profiles = profile_layers([target.scene for target in targets], plan.profiled)
        print("\nMicroseconds per layer, in one process without granian (medians):\n\n" + render_layers(profiles))
    conditions = {
        "server": f"granian, 1 worker, {THREADS} blocking threads, one core; log level {log_level}",
        "rounds": plan.rounds,
        "seconds": plan.seconds,
    }
    write_results(output, conditions, runs, profiles)


def _run_all(plan: Plan, targets: Sequence[Target]) -> list[Run]:
    """Measure in rounds, the databases in turn, so that a slow quarter of an hour slows all of them alike."""
    runs = []
    for number in range(plan.rounds):
        for work in EVERY_WORK:
            for target in targets:
                run = measure(target, work, plan.seconds)
                print(f"round {number + 1}: {run.work}, {run.store}: {run.per_second:,.0f}/s", flush=True)
                runs.append(run)
    return runs


@contextmanager
def _targets(log_level: str) -> Iterator[list[Target]]:
    """Start a server on each database; all of them wait while one is measured."""
    cores = choose_cores()
    pin(cores.others)
    now = int(time.time())
    authority = create_authority("Bench clients", now)
    clients = new_clients(authority, now)
    with scratch_folder() as folder, ExitStack() as running:
        targets = []
        for store in (sqlite_store(folder), start_postgresql()):
            place = folder / store.name.lower()
            scene = prepare_scene(store, place, clients, authority, _free_port(), log_level)
            targets.append(Target(scene, running.enter_context(served(scene, cores)), cores))
        yield targets


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
