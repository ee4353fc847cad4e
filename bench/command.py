"""The bench's command: what is measured in which order, and where the figures go."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.alone import add_options, asked_for, measure_by_itself
from bench.generator import BenchFailed
from bench.interpreter import describe_interpreters
from bench.measure import Target, measure, warm_up
from bench.more import measure_more
from bench.peer import missing_parts
from bench.plan import QUICK, WHOLE, Plan
from bench.profiling import profile, render_profile
from bench.report import Results, print_run, write_results
from bench.stage import stage
from bench.stores import ROOT, scratch_folder
from bench.work import EVERY_WORK, WORKS, Work

_RESULTS = ROOT / "bench" / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables and write the results; returns the exit status."""
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    if not (options.ours_only or options.profile or asked_for(options)) and (missing := missing_parts()) is not None:
        print(f"{missing}\nOr measure without it: --ours-only", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the servers are stopped however the bench is
    try:
        _bench(options)
    except (BenchFailed, ValueError) as error:
        print(f"The bench failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped: nothing was written.", file=sys.stderr)
        return 1
    print(f"\nTook {time.monotonic() - started:.0f} s.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/run.py", description="Load the servers on this machine and measure.")
    parser.add_argument("--quick", action="store_true", help="one short pair of runs of each kind: under two minutes")
    parser.add_argument("--only", choices=WORKS, action="append", help="measure this kind alone; may be repeated")
    parser.add_argument("--ours-only", action="store_true", help="measure our server without the peer")
    parser.add_argument("--profile", choices=WORKS, help="sample our server at this kind of work, and measure no more")
    parser.add_argument("--pairs", type=int, help="how many pairs of runs of each kind")
    parser.add_argument("--seconds", type=float, help="how long each run lasts")
    parser.add_argument("--log-level", default="warning", help="our server's log level; `info` is its own default")
    add_options(parser)
    parser.add_argument(
        "--output", type=Path, help="the folder for the results; by default bench/results, for whole runs alone"
    )
    return parser


def _bench(options: argparse.Namespace) -> None:
    print(describe_interpreters(), flush=True)
    if (alone := asked_for(options)) is not None:
        measure_by_itself(alone, options, options.output or _RESULTS)
        return
    plan = _plan(options)
    kinds = tuple(work for work in EVERY_WORK if not options.only or work.kind in options.only)
    if options.profile:
        _profile(options.log_level, plan, WORKS[options.profile])
        return
    results = Results(pairs=plan.pairs, seconds=plan.seconds, log_level=options.log_level)
    with stage(options.log_level, plan, with_peer=not options.ours_only, results=results) as targets:
        pair = [target for target in targets if target.scene.store.process_id is not None]
        started, share = time.monotonic(), plan.pairs_seconds / len(kinds)
        for number, work in enumerate(kinds, start=1):
            _measure_pairs(plan, work, pair, results, started + number * share)
        if not options.only:
            in_time = started + plan.pairs_seconds + plan.more_limit_seconds
            measure_more(plan, pair[0], pair, results, in_time)
            for target in targets:
                if target not in pair:
                    _measure_alone(plan, kinds, target, results, in_time + plan.reference_limit_seconds)
    print("\n" + results.render())
    folder = options.output or (_RESULTS if not options.only and not options.ours_only else None)
    if folder is not None:
        write_results(folder, results)
        print(f"\nWritten to {folder}.")


def _profile(log_level: str, plan: Plan, work: Work) -> None:
    """Print what the layers of our server take of one kind of work."""
    quiet = replace(plan, starts=0, references=False)
    results = Results(pairs=0, seconds=plan.profile_seconds, log_level=log_level)
    with stage(log_level, quiet, with_peer=False, results=results) as targets, scratch_folder() as folder:
        print(render_profile(profile(targets[0], work, plan.profile_seconds, folder)))


def _plan(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else WHOLE
    return replace(
        plan,
        pairs=options.pairs or plan.pairs,
        seconds=options.seconds or plan.seconds,
        profile_seconds=options.seconds or plan.profile_seconds,
        references=plan.references and not options.only,
    )


def _measure_pairs(plan: Plan, work: Work, targets: Sequence[Target], results: Results, deadline: float) -> None:
    """Measure a kind of work on both sides in turn, so that a slow minute slows both.

    After the deadline no further pair is begun, but the first always is.
    """
    rates = [warm_up(target.scene, work, plan.warm_up_seconds) for target in targets]
    for number in range(plan.pairs):
        if number and time.monotonic() > deadline:
            print(f"{work.kind}: {number} of {plan.pairs} pairs, for want of time", flush=True)
            return
        for target, rate in zip(targets, rates, strict=True):
            results.runs.append(measure(target, work, plan.seconds, rate))
            print_run(results.runs[-1])


def _measure_alone(plan: Plan, kinds: Sequence[Work], target: Target, results: Results, deadline: float) -> None:
    """Measure a store that is there for reference: one run of each kind, and none begun after the deadline."""
    for work in kinds:
        if time.monotonic() < deadline:
            rate = warm_up(target.scene, work, plan.warm_up_seconds)
            results.runs.append(measure(target, work, plan.seconds, rate))
            print_run(results.runs[-1])


if __name__ == "__main__":
    sys.exit(main())
