"""Microseconds per layer, from samples of a real worker under load.

py-spy looks from outside, a few hundred times a second, at what the thread that holds the interpreter does; threads
that wait hold nothing. Each sample belongs to the innermost known place of its stack: a package of ours, or a library.
What the samples leave of the server's processor time goes by without the interpreter: in the kernel, in granian, and
where SQLite, OpenSSL or the PostgreSQL driver let go of it.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.cores import family, kernel_seconds
from bench.generator import CONNECTIONS, BenchFailed, drive
from bench.measure import Run, Target, check, summarize, usage, warm_up
from bench.work import Work

_RATE = 250
_LONGER_SECONDS = 2
_SAMPLES, _BEHIND = "Sampling process", "behind in sampling"
_COUNTS = re.compile(r"Samples: (?P<read>\d+) Errors: (?P<unread>\d+)")
_MORE_THAN_NEEDED = 1.5
_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]*?)(?::(?P<line>\d+))?\)$")
_OURS = re.compile(r"(?:^|/)authserver/(?P<package>[a-z_]+)(?:/|\.py)")
_LIBRARY = re.compile(r"(?:site|dist)-packages/(?P<package>[A-Za-z0-9_]+)|^(?P<relative>[a-z][a-z0-9_]*)/")
_TEMPLATE = re.compile(r"\.html$")
_STANDARD = "Python's own library"
_SERVER = "granian"
_NO_FRAME = "between requests, or not to be told"
_MOST_FUNCTIONS = 15


@dataclass(frozen=True, slots=True)
class Profile:
    """How many samples each layer and each function had, what the run measured, and the server's share of the kernel.

    `kernel_us` are microseconds for each job. A sample that could not be read, since the thread went on meanwhile, was
    one of a thread at work: `worth` is how many samples one that could be read stands for.
    """

    run: Run
    kernel_us: float
    worth: float
    layers: Mapping[str, int]
    functions: Mapping[str, int]


def profile(target: Target, work: Work, seconds: float, folder: Path) -> Profile:
    """Load our server with one kind of work while its worker is sampled."""
    rate = warm_up(target.scene, work, seconds / 2)
    jobs = work.build(target.scene, int(rate * seconds * _MORE_THAN_NEEDED) + CONNECTIONS)
    output = folder / "samples.txt"
    sampler = _start_sampler(max(family(target.server)), seconds, output)
    before, kernel = usage(target), kernel_seconds(target.server)
    load = drive(target.scene.address, jobs, seconds=seconds, keep=CONNECTIONS, connections=CONNECTIONS)
    after, kernel = usage(target), kernel_seconds(target.server) - kernel
    told, _ = sampler.communicate()
    check(target.scene, work, load)
    if sampler.returncode != 0 or not output.exists():
        raise BenchFailed(f"the worker could not be sampled; that needs root, or its own processes:\n{told}")
    stacks = read_stacks(output.read_text(encoding="utf-8").splitlines())
    run = summarize(target, work.kind, load, before, after)
    return Profile(run, kernel / run.jobs * 1e6, _worth(told), count_layers(stacks), count_functions(stacks))


def _worth(told: str) -> float:
    """Return how many samples each that was read stands for; raises BenchFailed where sampling did not keep up."""
    counts = _COUNTS.search(told)
    if counts is None or int(counts["read"]) == 0 or _BEHIND in told:
        raise BenchFailed(f"too few samples could be taken for a profile:\n{told}")
    return 1 + int(counts["unread"]) / int(counts["read"])


def _start_sampler(worker: int, seconds: float, output: Path) -> "subprocess.Popen[str]":
    """Start py-spy and wait until it samples; where it cannot, it has ended by then."""
    command = [_sampler(), "record", "--pid", str(worker), "--gil", "--nonblocking", "--rate", str(_RATE)]
    command += ["--duration", str(int(seconds) + _LONGER_SECONDS), "--format", "raw", "--output", str(output)]
    sampler = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in sampler.stdout or ():
        if _SAMPLES in line:
            break
    return sampler


def read_stacks(lines: Iterable[str]) -> list[tuple[tuple[str, ...], int]]:
    """Return the stacks of a file of samples, the outermost frame first, each with how often it was seen."""
    parted = (line.rpartition(" ") for line in lines if line.strip())
    return [(tuple(stack.split(";")), int(count)) for stack, _, count in parted]


def count_layers(stacks: Iterable[tuple[tuple[str, ...], int]]) -> Mapping[str, int]:
    """Return how many samples belong to each layer, the largest first."""
    counts: Counter[str] = Counter()
    for frames, count in stacks:
        counts[layer_of(frames)] += count
    return dict(counts.most_common())


def count_functions(stacks: Iterable[tuple[tuple[str, ...], int]]) -> Mapping[str, int]:
    """Return the functions in which the most samples were, each with what it called in C."""
    counts: Counter[str] = Counter()
    for frames, count in stacks:
        counts[re.sub(r":\d+\)$", ")", frames[-1]) or _NO_FRAME] += count
    return dict(counts.most_common(_MOST_FUNCTIONS))


def layer_of(frames: tuple[str, ...]) -> str:
    """Return the innermost package of ours or library in a stack."""
    for frame in reversed(frames):
        found = _FRAME.match(frame)
        file = found["file"] if found else ""
        if ours := _OURS.search(file):
            return f"authserver.{ours['package']}"
        if _TEMPLATE.search(file):
            return "templates"
        library = _LIBRARY.search(file)
        if library and (name := library["package"] or library["relative"]) != _SERVER:
            return name
    return _SERVER if any(_SERVER in frame for frame in frames) else _STANDARD


def render_profile(found: Profile) -> str:
    """Return the layers and the busiest functions as Markdown tables."""
    run, samples = found.run, sum(found.layers.values())
    each = found.worth * 1e6 / _RATE / run.jobs
    told = f"{run.kind}: {run.per_second:,.0f}/s while sampled, {run.server_us:.0f} µs of the server for each."
    lines = [told, "", "| layer | µs | samples |", "|---|--:|--:|"]
    lines += [f"| {name} | {count * each:.1f} | {count} |" for name, count in found.layers.items()]
    lines += [
        f"| without the interpreter | {max(0.0, run.server_us - samples * each):.1f} | |",
        f"| *of all: in the kernel* | {found.kernel_us:.1f} | |",
    ]
    lines += ["", "| function, with what it calls in C | µs |", "|---|--:|"]
    lines += [f"| `{name}` | {count * each:.1f} |" for name, count in found.functions.items()]
    return "\n".join(lines)


def _sampler() -> str:
    beside = Path(sys.executable).with_name("py-spy")
    found = str(beside) if beside.exists() else shutil.which("py-spy")
    if found is None:
        raise BenchFailed("py-spy is missing: `make bench-profile` installs it")
    return found
