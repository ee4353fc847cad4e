"""The demo's servers as processes: started together, waited for, stopped together."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import urllib3
from msgspec.structs import astuple

import authserver
from authserver.sandbox.layout import ADDRESS, DemoLayout
from authserver.sandbox.third_party.http import HttpsClient
from authserver.values import Value

_PATIENCE_SECONDS = 60.0
_STOP_SECONDS = 10.0
_STEP_SECONDS = 0.05
_LOG_LINES = 15
_OK = 200


class DemoFailed(Exception):
    """A server of the demo does not start, or has ended."""


class Program(Value, frozen=True):
    """One server: its name, what to run after the interpreter, where it says that it is ready, its log."""

    name: str
    arguments: tuple[str, ...]
    ready_url: str
    log: Path


def programs_of(places: DemoLayout) -> tuple[Program, ...]:
    """Return the three servers of the demo."""
    ports = places.ports
    numbers = (str(ports.server), str(ports.server_mtls), str(ports.bank), str(ports.app))
    parts = ("-m", "authserver.sandbox.part")
    return (
        Program(
            "server", ("-m", "authserver.cli.main", "serve"), f"{places.issuer}/readyz", places.logs / "server.log"
        ),
        Program(
            "bank", (*parts, "bank", str(places.folder), *numbers), f"{places.bank}/healthz", places.logs / "bank.log"
        ),
        Program("app", (*parts, "app", str(places.folder), *numbers), f"{places.app}/healthz", places.logs / "app.log"),
    )


@contextmanager
def running(places: DemoLayout) -> Iterator[Callable[[], None]]:
    """Run the servers until the body ends; yields a function that raises DemoFailed if one of them has ended.

    The servers take nothing from the caller's environment: a setting left over in a shell would change the demo.
    """
    places.logs.mkdir(exist_ok=True)
    environment = _environment(places)
    programs = programs_of(places)
    started: list[tuple[Program, subprocess.Popen[bytes]]] = []

    def check() -> None:
        for program, process in started:
            if process.poll() is not None:
                raise DemoFailed(f"{program.name} ended with status {process.returncode}.\n{tail(program.log)}")

    try:
        started.extend((program, _start(program, environment)) for program in programs)
        _wait_until_ready(programs, places, check)
        yield check
    finally:
        _stop([process for _, process in started])


def run_command(places: DemoLayout, *words: str) -> tuple[int, str]:
    """Run a command of the command line as the demo's operator; answers its exit code and what it printed."""
    done = subprocess.run(  # noqa: S603 - our own interpreter with arguments of our own
        [sys.executable, "-m", "authserver.cli.main", *words],
        env=_environment(places),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the body as Ctrl-C does, and Ctrl-C where a shell had it ignored."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def tail(log: Path) -> str:
    """Return a log's last lines."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:])


def _environment(places: DemoLayout) -> Mapping[str, str]:
    source = Path(authserver.__file__).resolve().parent.parent
    return {"AUTHSERVER_CONFIG": str(places.config), "PYTHONPATH": str(source), "PYTHONUNBUFFERED": "1"}


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other demos out of a folder until the body ends; raises DemoFailed where one runs from it.

    A second one would register the apps with other addresses in the first one's database, under its servers.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DemoFailed(f"another demo runs from {folder}; stop that first, or give another folder by --dir") from None
    finally:
        os.close(held)


def check_ports_free(places: DemoLayout) -> None:
    """Raise DemoFailed where something listens already: we would wait for our servers and talk to someone else's."""
    for port in astuple(places.ports):
        with socket.socket() as probe:
            if probe.connect_ex((ADDRESS, port)) == 0:
                raise DemoFailed(f"port {port} is in use; stop what listens there, or give other ports by --port")


def _start(program: Program, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with program.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own interpreter with arguments of our own
            [sys.executable, *program.arguments], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def _wait_until_ready(programs: Sequence[Program], places: DemoLayout, check: Callable[[], None]) -> None:
    https = HttpsClient(places.authority)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for program in programs:
        while not _is_ready(https, program.ready_url):
            check()
            if time.monotonic() > deadline:
                raise DemoFailed(f"{program.name} did not answer in time.\n{tail(program.log)}")
            time.sleep(_STEP_SECONDS)


def _is_ready(https: HttpsClient, url: str) -> bool:
    try:
        return https.send("GET", url).status == _OK
    except urllib3.exceptions.HTTPError:
        return False


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
