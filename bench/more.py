"""What is no comparison of rates: latency below saturation, two workers, sign-ins beside tokens, the lower bound."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median

from bench.bound import lower_bound
from bench.growth import compare_workers
from bench.latency import latency_at_share
from bench.measure import Run, Target, measure
from bench.plan import Plan
from bench.processes import running
from bench.report import Results
from bench.scene import OURS
from bench.sign_ins import compare_beside_sign_ins
from bench.stage import beside, free_port
from bench.work import TOKEN

_SIGN_IN_SHARE = 0.3


def measure_more(plan: Plan, ours: Target, targets: Sequence[Target], results: Results, deadline: float) -> None:
    """Measure one thing after the other, and begin none after the deadline."""
    rounds, seconds = plan.more_rounds, plan.more_seconds
    wanted: Mapping[str, Callable[[], Mapping[str, object]]] = {
        "latency at 70 % load": lambda: latency_at_share(targets, TOKEN, results.runs, rounds, seconds),
        "two workers": partial(_two_workers, plan, ours, results),
        "token traffic beside sign-ins": partial(_sign_ins, plan, ours, results),
        "lower bound of a token, µs": partial(_bound, plan, ours, results),
    }
    for name, measured in wanted.items():
        if time.monotonic() > deadline:
            print(f"{name}: not measured, for want of time", flush=True)
            continue
        print(name, flush=True)
        results.more[name] = measured()


def _two_workers(plan: Plan, ours: Target, results: Results) -> Mapping[str, object]:
    with beside(ours, 1) as one, beside(ours, 2) as two:
        spread, figures = compare_workers(one, two, ours.cores, TOKEN, plan.more_rounds, plan.more_seconds)
    results.two_workers = spread.median
    return figures


def _sign_ins(plan: Plan, ours: Target, results: Results) -> Mapping[str, object]:
    pace, both = _SIGN_IN_SHARE * median(run.per_second for run in _capacity(results)), ours.cores.both
    with beside(ours, 2) as scene, running(scene.command, both):
        return compare_beside_sign_ins(scene, pace, plan.more_rounds, plan.more_seconds, both)


def _bound(plan: Plan, ours: Target, results: Results) -> Mapping[str, object]:
    """Measure tokens and the bound in turn: what the machine does to one of them it does to both."""
    rate = median(run.per_second for run in _capacity(results))
    rounds = []
    for _ in range(plan.more_rounds):
        token = measure(ours, TOKEN, plan.seconds, rate)
        rounds.append(lower_bound(ours, free_port(), token.server_us))
    return {name: median(each[name] for each in rounds) for name in rounds[0]}


def _capacity(results: Results) -> list[Run]:
    return [run for run in results.runs if (run.kind, run.side, run.store) == (TOKEN.kind, OURS, "PostgreSQL")]
