"""What some tests need of the machine: found, or the test is skipped aloud, and never skipped where CI=true.

A pytest plugin. Mark a test `@pytest.mark.chromium` (or `nginx`, `node`, `valkey`) and it runs only where the program
is; `find_program("nginx")` gives its path. Each missing program gets one line at the end of the run, with the number
of tests that went unrun and the command that mends it. A test that needs something else calls `skip_or_fail`.
"""

import os
import shutil
from dataclasses import dataclass
from typing import NoReturn

import pytest

_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin")
_PROPERTY = "missing_program"


@dataclass(frozen=True, slots=True)
class Program:
    """A program by the names it goes by, and how to get it."""

    executables: tuple[str, ...]
    install: str


PROGRAMS = {
    "apache2": Program(("apache2", "httpd"), "apt-get install apache2-bin"),
    "caddy": Program(("caddy",), "apt-get install caddy"),
    "chromium": Program(("chromium", "chromium-browser"), "apt-get install chromium"),
    "haproxy": Program(("haproxy",), "apt-get install haproxy"),
    "nginx": Program(("nginx",), "apt-get install nginx-light"),
    # The clients come from npm, which has a Node beside it.
    "node": Program(("npm",), "apt-get install nodejs npm"),
    "pgbouncer": Program(("pgbouncer",), "apt-get install pgbouncer"),
    "valkey": Program(("valkey-server", "redis-server"), "apt-get install valkey-server (or redis-server)"),
}


def find_program(marker: str) -> str | None:
    """Return the path of the program behind a marker, or None where this machine has none."""
    # Debian keeps servers where a plain user's PATH does not look.
    path = os.pathsep.join((os.environ.get("PATH", ""), *_SYSTEM_FOLDERS))
    found = (shutil.which(name, path=path) for name in PROGRAMS[marker].executables)
    return next((program for program in found if program), None)


def skip_or_fail(reason: str) -> NoReturn:
    """Skip this test for what the machine lacks, or fail it where CI promised that nothing is lacking."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"CI=true, where nothing is skipped: {reason}", pytrace=False)
    pytest.skip(reason)  # the one skip there is: on a machine that lacks a program, never where CI=true


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test before its fixtures start anything, or fail it where CI promised the program."""
    for marker, program in PROGRAMS.items():
        if item.get_closest_marker(marker) is None or find_program(marker):
            continue
        item.user_properties.append((_PROPERTY, marker))
        skip_or_fail(f"{marker} is not on this machine: {program.install}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one loud line for each program that was missed."""
    missed: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        for name, marker in getattr(report, "user_properties", ()):
            if name == _PROPERTY:
                missed[marker] = missed.get(marker, 0) + 1
    for marker, count in sorted(missed.items()):
        line = f"NOT TESTED: {marker} is missing, {count} tests did not run. Mend it: {PROGRAMS[marker].install}"
        terminalreporter.write_line(line, red=True, bold=True)
