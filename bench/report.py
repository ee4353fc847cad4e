"""Tables for a reader, and the same figures for a program."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.chart import render_chart
from bench.interpreter import describe_interpreters
from bench.measure import Run
from bench.ratios import processor_ratios, ratios
from bench.scene import OURS
from bench.stores import ROOT
from bench.work import EVERY_WORK, WORKS

_UNKNOWN = "unknown"
_COLUMNS = (
    "work",
    "side",
    "per second and core (range)",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "server CPU µs",
    "database CPU µs",
    "server core busy",
    "second core busy (generator)",
    "others busy",
    "memory MB",
    "errors",
)
_RATIO_COLUMNS = ("ours over the peer's, PostgreSQL", "median", "least", "greatest", "by the server's CPU time")


@dataclass(slots=True)
class Results:
    """Everything that one run of the bench measured, in the order in which it was."""

    pairs: int
    seconds: float
    log_level: str
    runs: list[Run] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    two_workers: float | None = None
    more: dict[str, object] = field(default_factory=dict)

    def render(self) -> str:
        """Return the tables in Markdown."""
        parts = [render_runs(self.runs), render_ratios(self.runs)]
        parts += [f"## {name}\n\n{_render_figures(figures)}" for name, figures in self.more.items()]
        return "\n\n".join(part for part in parts if part)


def print_run(run: Run) -> None:
    """Tell of a run as soon as it is done."""
    print(
        f"{run.kind}, {run.side}, {run.store}: {run.per_second:,.0f}/s, p99 {run.p99_ms:.1f} ms, "
        f"server {run.server_us:.0f} µs, others busy {run.others_busy:.0%}",
        flush=True,
    )


def render_runs(runs: Sequence[Run]) -> str:
    """Return a Markdown table: for each work and side the medians, and the range of the rates."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---|---|" + "--:|" * (len(_COLUMNS) - 2)]
    for (kind, side, store), group in _grouped(runs).items():
        rates = [run.per_second for run in group]
        span = f" ({min(rates):,.0f}-{max(rates):,.0f})" if len(group) > 1 else ""
        stores = [run.store_us for run in group if run.store_us is not None]
        cells = (
            WORKS[kind].title,
            f"{side}, {store}",
            f"{median(rates):,.0f}{span}",
            f"{_mid(group, 'p50_ms'):.1f}",
            f"{_mid(group, 'p99_ms'):.1f}",
            f"{_mid(group, 'p999_ms'):.1f}",
            f"{_mid(group, 'server_us'):.0f}",
            f"{median(stores):.0f}" if stores else "in the server",
            f"{_mid(group, 'server_busy'):.0%}",
            f"{_mid(group, 'beside_busy'):.0%} ({_mid(group, 'generator_busy'):.0%})",
            f"{_mid(group, 'others_busy'):.0%}",
            f"{_mid(group, 'rss_mb'):.0f}",
            str(sum(run.errors for run in group)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def render_ratios(runs: Sequence[Run]) -> str:
    """Return a Markdown table of ours over the peer's; empty where there is nothing to compare."""
    rates, processor = ratios(runs), processor_ratios(runs)
    if not rates:
        return ""
    lines = [f"| {' | '.join(_RATIO_COLUMNS)} |", "|---|" + "--:|" * (len(_RATIO_COLUMNS) - 1)]
    lines += [
        f"| {WORKS[kind].title} | **{spread.median:.2f}** | {spread.min:.2f} | {spread.max:.2f} "
        f"| {processor[kind].median:.2f} |"
        for kind, spread in rates.items()
    ]
    return "\n".join(lines)


def write_results(folder: Path, results: Results) -> None:
    """Write the figures: `latest.json` for programs, `details.json` with every run, a table and a chart for people."""
    folder.mkdir(parents=True, exist_ok=True)
    found = ratios(results.runs)
    ours = [run.rss_mb for run in results.runs if run.side == OURS and run.store == "PostgreSQL"]
    summary = {
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "ratios": {
            work.kind: _rounded(asdict(found[work.kind])) if work.kind in found else None for work in EVERY_WORK
        },
        "two_workers": None if results.two_workers is None else round(results.two_workers, 3),
        "rss_mb": round(max(ours), 1) if ours else None,
        "cold_start_s": round(median(results.starts), 3) if results.starts else None,
    }
    details = {
        **{name: summary[name] for name in ("commit", "date")},
        "interpreter": describe_interpreters(),
        "pairs": results.pairs,
        "seconds": results.seconds,
        "log_level": results.log_level,
        "starts": [round(each, 3) for each in results.starts],
        **results.more,
        "ratios_by_processor_time": {
            kind: _rounded(asdict(spread)) for kind, spread in processor_ratios(results.runs).items()
        },
        "runs": [_rounded(asdict(run)) for run in results.runs],
    }
    (folder / "latest.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    (folder / "details.json").write_text(_compact(details), encoding="utf-8")
    length = f"{results.pairs} pair{'s' if results.pairs > 1 else ''} of {results.seconds:g} s each"
    about = f"Commit {summary['commit']}, {summary['date']}, {length}.\n{describe_interpreters()}"
    chart = "![Ours over the peer's](latest.svg)\n\n" if found else ""
    (folder / "latest.md").write_text(
        f"# One run of the bench\n\n{about}\n\n{chart}{results.render()}\n", encoding="utf-8"
    )
    if found:
        (folder / "latest.svg").write_text(render_chart(found), encoding="utf-8")


def write_figures(folder: Path, name: str, title: str, figures: Mapping[str, object]) -> str:
    """Write figures that are no comparison, as `NAME.json` and `NAME.md`; return the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    commit, date = _commit(), datetime.now(UTC).isoformat(timespec="seconds")
    document = {"commit": commit, "date": date, **_rounded(figures)}
    (folder / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    about = f"Commit {commit}, {date}.\n{describe_interpreters()}"
    text = f"# {title}\n\n{about}\n\n{_render_figures(figures)}\n"
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return text


def _render_figures(figures: object) -> str:
    if not isinstance(figures, Mapping):
        return str(figures)
    return "\n".join(["| | |", "|---|--:|", *(f"| {name} | {_shown(value)} |" for name, value in figures.items())])


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _compact(document: Mapping[str, object]) -> str:
    """Write one run a line, so that the file is short and its changes can be read."""
    members = []
    for name, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n" + ",\n".join(f"    {json.dumps(each)}" for each in value) + "\n  ]"
        else:
            text = json.dumps(value)
        members.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def _grouped(runs: Sequence[Run]) -> dict[tuple[str, str, str], list[Run]]:
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.kind, run.side, run.store), []).append(run)
    return groups


def _mid(group: Sequence[Run], name: str) -> float:
    return median(float(getattr(run, name)) for run in group)


def _rounded(members: Mapping[str, object]) -> dict[str, object]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in members.items()}


def _commit() -> str:
    """Return the commit that was measured; `+` says that files were changed since."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD").strip()
        changed = _git("status", "--porcelain", "--", "authserver", "bench", "migrations", ":!bench/results")
    except (OSError, subprocess.CalledProcessError):
        return _UNKNOWN
    return commit + ("+" if changed.strip() else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout
