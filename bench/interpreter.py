"""How a Python interpreter was built, which decides a tenth of what a server of ours does, and which one here is best.

`python bench/interpreter.py` prints the path of the best; it needs nothing but the standard library.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

Answer = Literal["yes", "unknown", "no"]

OLDEST: Final = (3, 11)
NEWEST: Final = (3, 14)
_RANK: Final[tuple[Answer, ...]] = ("no", "unknown", "yes")
_PATIENCE_SECONDS: Final = 10
# Run by the interpreter in question, which may be any; the last lines fail where it can make no environment.
_PROBE: Final = """
import json, platform, sys, sysconfig
with open("/proc/self/maps") as maps:
    loaded = "libpython" in maps.read()
print(json.dumps({
    "name": platform.python_implementation(), "version": sys.version_info[:3],
    "arguments": sysconfig.get_config_var("CONFIG_ARGS") or "",
    "says_shared": bool(sysconfig.get_config_var("Py_ENABLE_SHARED")), "is_shared": loaded,
    "has_lock": not sysconfig.get_config_var("Py_GIL_DISABLED"),
}))
import ensurepip, venv
ensurepip.version()
"""


@dataclass(frozen=True, slots=True)
class Build:
    """An interpreter: its version, and whether it was optimised by a profile, at link time, and is in a library."""

    path: Path
    version: tuple[int, ...]
    pgo: Answer
    lto: Answer
    is_shared: bool
    is_usual: bool = True

    def __str__(self) -> str:
        """Return what a reader of figures must know of it."""
        version, kind = ".".join(map(str, self.version)), "shared library" if self.is_shared else "static"
        return f"CPython {version}, PGO {self.pgo}, LTO {self.lto}, {kind}"


def judge(path: Path, told: Mapping[str, Any]) -> Build:
    """Return the build of an interpreter that has told of itself.

    Debian builds every interpreter twice and keeps the arguments of one: where the configuration says shared and no
    library is loaded, it is another build's and says nothing. Variables such as PGO_PROF_USE_FLAG say nothing either:
    they are set whether or not a profile was used.
    """
    is_of_another = told["says_shared"] and not told["is_shared"]

    def asked(argument: str) -> Answer:
        return "yes" if argument in told["arguments"] else "unknown" if is_of_another else "no"

    return Build(
        path=path,
        version=tuple(told["version"]),
        pgo=asked("--enable-optimizations"),
        lto=asked("--with-lto"),
        is_shared=told["is_shared"],
        is_usual=told["name"] == "CPython" and told["has_lock"],
    )


def read_build(path: Path) -> Build | None:
    """Return how an interpreter was built, or None where it does not run or makes no virtual environment."""
    try:
        done = subprocess.run(
            [path, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True
        )
        return judge(path, json.loads(done.stdout))
    except (OSError, ValueError, KeyError, subprocess.SubprocessError):
        return None


def best(builds: Iterable[Build]) -> Build | None:
    """Return the build to measure with: profiled before unknown before not, then the newest that we support."""
    fit = [build for build in builds if build.is_usual and OLDEST <= build.version[:2] <= NEWEST]
    return max(fit, key=lambda build: (_RANK.index(build.pgo), build.version), default=None)


def find_builds() -> list[Build]:
    """Return the interpreters on the path and those of pyenv, each once."""
    paths = {path.resolve() for path in _candidates() if path.is_file()}
    return [build for path in sorted(paths) if (build := read_build(path)) is not None]


def _candidates() -> Iterator[Path]:
    names = ["python3", *(f"python3.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1))]
    for folder in os.get_exec_path():
        yield from (Path(folder) / name for name in names)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from pyenv.glob("versions/*/bin/python3")


def describe_interpreters() -> str:
    """Return by which interpreter the server and the load generator run: this one, for both."""
    own = read_build(Path(sys.executable))
    if own is None:
        return "Server and load generator: an interpreter that tells nothing of itself."
    return f"Server and load generator (Python, both): {own}."


def main() -> int:
    """Print the path of the best interpreter here; returns the exit status."""
    found = best(find_builds())
    if found is None:
        print(f"No CPython from {OLDEST} to {NEWEST} with the venv module is here.", file=sys.stderr)
        return 1
    print(f"The bench runs on {found.path}: {found}.", file=sys.stderr)
    print(found.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
