"""Starting a server that is measured, waiting until it answers, and stopping it."""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.cores import pinned
from bench.generator import Address, BenchFailed, check_loopback

_PATIENCE_SECONDS = 30.0
_STOP_SECONDS = 10.0
_GLANCE_SECONDS = 0.01
_OK = 200


@dataclass(frozen=True, slots=True)
class Command:
    """How a server is started, and where it answers once it is ready."""

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    address: Address
    ready_path: str


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its process, and the seconds from its start to its first good answer."""

    process_id: int
    start_seconds: float


@contextmanager
def running(command: Command, cores: frozenset[int]) -> Iterator[Running]:
    """Run a server on these cores while the body runs; raises BenchFailed where it does not come up."""
    check_loopback(command.address)
    log = command.folder / "server.log"
    with log.open("ab") as output, pinned(cores):
        started = time.monotonic()
        process = subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(command, process, log)
        yield Running(process.pid, time.monotonic() - started)
    finally:
        _stop(process)


def _wait_until_ready(command: Command, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _is_ready(command):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchFailed(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(_GLANCE_SECONDS)


def _is_ready(command: Command) -> bool:
    connection = HTTPConnection(*command.address, timeout=1)
    with suppress(OSError, HTTPException):
        connection.request("GET", command.ready_path)
        return connection.getresponse().status == _OK
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
