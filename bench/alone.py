"""What is measured of our server alone and by itself: a soak, what rows take, what expired rows cost."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bench.expired import measure_expired
from bench.generator import BenchFailed
from bench.measure import Target
from bench.plan import WHOLE
from bench.report import Results, write_figures
from bench.sizes import measure_sizes
from bench.soak import GROWS, VERDICT, soak
from bench.stage import stage
from bench.strangers import compare_beside_strangers
from bench.work import MIXED

_PURGE_LIMIT_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Alone:
    """One such measurement: what it does with its option's value, and that value where none is given."""

    title: str
    run: Callable[[Target, float], Mapping[str, object]]
    default: float
    unit: str
    explained: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let each of them be asked for; one at a time."""
    group = parser.add_mutually_exclusive_group()
    for name, each in KINDS.items():
        group.add_argument(
            f"--{name}", nargs="?", type=float, const=each.default, metavar=each.unit.upper(), help=each.explained
        )


def asked_for(options: argparse.Namespace) -> str | None:
    """Return the name of the one that was asked for."""
    return next((name for name in KINDS if getattr(options, name) is not None), None)


def measure_by_itself(name: str, options: argparse.Namespace, folder: Path) -> None:
    """Measure one of them and write it down; raises BenchFailed where memory grows, once that is written."""
    kind, quiet = KINDS[name], replace(WHOLE, starts=0, references=False)
    results = Results(pairs=0, seconds=0, log_level=options.log_level)
    with stage(options.log_level, quiet, with_peer=False, results=results) as targets:
        figures = kind.run(targets[0], getattr(options, name))
    print("\n" + write_figures(folder, name, kind.title, figures))
    if figures.get(VERDICT) == GROWS:
        raise BenchFailed("memory grows: see what was written")


def _soak(target: Target, seconds: float) -> Mapping[str, object]:
    return soak(target, seconds).figures()


KINDS: Mapping[str, Alone] = {
    "soak": Alone(
        f"A soak: {MIXED.title} on one worker",
        _soak,
        600,
        "seconds",
        "keep one worker of ours under mixed traffic for so long, ten minutes unless said otherwise; fails if it grows",
    ),
    "sizes": Alone(
        "What a request leaves behind",
        lambda target, rows: measure_sizes(target, int(rows)),
        200_000,
        "rows",
        "count what requests leave behind, and what a row takes among so many, 200,000 unless said otherwise",
    ),
    "expired": Alone(
        "What expired rows cost",
        lambda target, rows: measure_expired(target, int(rows), _PURGE_LIMIT_SECONDS),
        2_000_000,
        "rows",
        "measure before, among and after so many expired rows, 2,000,000 unless said otherwise, and while they go",
    ),
    "strangers": Alone(
        "What strangers do to a good client",
        lambda target, rounds: compare_beside_strangers(target, int(rounds)),
        5,
        "rounds",
        "measure a good client's p99 alone and beside floods, silent key servers and a hanging database, five times",
    ),
}
