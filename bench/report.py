"""Tables for a reader, and the same figures for a program."""

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.measure import Run
from bench.observe import LAYERS
from bench.stores import ROOT

_UNKNOWN = "unknown"
_COLUMNS = (
    "work",
    "database",
    "requests/s (range)",
    "p50 ms",
    "p99 ms",
    "server CPU µs",
    "server core busy",
    "database CPU µs",
    "others busy",
    "errors",
)


def render_runs(runs: Iterable[Run]) -> str:
    """Return a Markdown table: for each work and database the medians, and the range of requests per second."""
    lines = [f"| {' | '.join(_COLUMNS)} |", "|---|---|" + "--:|" * (len(_COLUMNS) - 2)]
    for (work, store), group in _grouped(runs).items():
        rates = [run.per_second for run in group]
        span = f" ({min(rates):,.0f}-{max(rates):,.0f})" if len(group) > 1 else ""
        stores = [run.store_us for run in group if run.store_us is not None]
        lines.append(
            f"| {work} | {store} | {median(rates):,.0f}{span} | {_mid(group, 'p50_ms'):.1f} "
            f"| {_mid(group, 'p99_ms'):.1f} | {_mid(group, 'server_us'):.0f} "
            f"| {_mid(group, 'server_busy') * 100:.0f} % | {f'{median(stores):.0f}' if stores else 'in the server'} "
            f"| {_mid(group, 'others_busy') * 100:.0f} % | {sum(run.errors for run in group)} |"
        )
    return "\n".join(lines)


def render_layers(profiles: Mapping[str, Mapping[str, float]]) -> str:
    """Return a Markdown table of microseconds: a line for each layer, a column for each request kind."""
    lines = ["| layer | " + " | ".join(profiles) + " |", "|---|" + "--:|" * len(profiles)]
    for layer in (*LAYERS, "sum of the layers", "whole request, unobserved"):
        cells = [profile.get(layer, 0.0) for profile in profiles.values()]
        if any(cells):
            lines.append(f"| {layer} | " + " | ".join(f"{cell:.0f}" if cell else "" for cell in cells) + " |")
    return "\n".join(lines)


def write_results(
    path: Path, conditions: Mapping[str, object], runs: Iterable[Run], profiles: Mapping[str, Mapping[str, float]]
) -> None:
    """Write the figures as JSON, with the commit and the date they belong to."""
    document = {
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        **conditions,
        "runs": [_rounded(asdict(run)) for run in runs],
        "layers_us": {name: _rounded(profile) for name, profile in profiles.items()},
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(_compact(document), encoding="utf-8")


def _compact(document: Mapping[str, object]) -> str:
    """Write one run a line, so that the file is short and its changes can be read."""
    members = []
    for name, value in document.items():
        if isinstance(value, list):
            text = "[\n" + ",\n".join(f"    {json.dumps(each)}" for each in value) + "\n  ]"
        elif isinstance(value, dict):
            inner = ",\n".join(f"    {json.dumps(key)}: {json.dumps(each)}" for key, each in value.items())
            text = "{\n" + inner + "\n  }"
        else:
            text = json.dumps(value)
        members.append(f"  {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def _grouped(runs: Iterable[Run]) -> dict[tuple[str, str], list[Run]]:
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.work, run.store), []).append(run)
    return groups


def _mid(group: Sequence[Run], name: str) -> float:
    return median(float(getattr(run, name)) for run in group)


def _rounded(members: Mapping[str, object]) -> dict[str, object]:
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in members.items()}


def _commit() -> str:
    """Return the commit that was measured; `+` says that files were changed since."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD").strip()
        changed = _git("status", "--porcelain", "--", "authserver", "bench", "migrations")
    except (OSError, subprocess.CalledProcessError):
        return _UNKNOWN
    return commit + ("+" if changed.strip() else "")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout
