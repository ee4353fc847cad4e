"""Starting servers as processes of their own, and waiting until they answer."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support import ports

ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 15


def free_port() -> int:
    """Answer a loopback port that nothing listens on, and that no other process of a test run is given."""
    return ports.take(1)


def free_ports_in_a_row(count: int) -> int:
    """Answer the first of as many consecutive loopback ports, by the same rule."""
    return ports.take(count)


def accepts(address: tuple[str, int] | str) -> bool:
    """Tell whether something listens at a TCP address or at the path of a Unix socket."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as probe:
        return probe.connect_ex(address) == 0


def wait_until(condition: Callable[[], bool], what: str, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
    """Return once the condition holds; fails the test if it does not in good time."""
    deadline = time.monotonic() + patience_seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


@contextmanager
def running(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program from the project's root, its output in `log`, and end it afterwards if it has not ended itself.

    It gets this process's environment where none is given.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=environment)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def probe_command(*arguments: str) -> list[str]:
    """Answer the command that serves `tests.support.probe`."""
    return [sys.executable, "-m", "tests.support.probe", *arguments]
