"""The load generator: prebuilt requests over kept connections, one after the other on each.

Every answer is checked for its status and for a text that only a right answer holds; some are kept to be verified in
full once the clock has stopped. It never speaks to anything but this machine.
"""

import gc
import re
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

CONNECTIONS = 16
_PATIENCE_SECONDS = 15.0
_CHUNK = 64 * 1024
_STATUS = slice(9, 12)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_MOST_WRONG_KEPT = 3

Address = tuple[str, int]


class BenchFailed(Exception):
    """The measurement cannot be made, or what was measured was not the right work."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What every right answer shows."""

    status: int
    marker: bytes


@dataclass(slots=True)
class Load:
    """What one run saw: latencies in nanoseconds, how many answers were wrong, and the answers kept."""

    latencies: list[int] = field(default_factory=list)
    wrong: int = 0
    wrong_answers: list[bytes] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    seconds: float = 0.0
    generator_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Return right answers in a second."""
        return (len(self.latencies) - self.wrong) / self.seconds

    def note_wrong(self, answer: bytes) -> None:
        """Count a wrong answer, and keep the first ones to be shown."""
        self.wrong += 1
        if len(self.wrong_answers) < _MOST_WRONG_KEPT:
            self.wrong_answers.append(answer)


@dataclass(slots=True)
class _Line:
    """One connection with the answer it is waiting for."""

    connection: socket.socket
    started: int = 0
    received: bytes = b""

    def send(self, request: bytes) -> None:
        self.received = b""
        self.started = time.perf_counter_ns()
        self.connection.sendall(request)

    def receive(self) -> bytes | None:
        """Return the whole answer, or None while a part is to come; raises BenchFailed where the server hung up."""
        chunk = self.connection.recv(_CHUNK)
        if not chunk:
            raise BenchFailed("the server closed a connection in the middle of the load")
        self.received += chunk
        end = self.received.find(b"\r\n\r\n")
        length = _LENGTH.search(self.received, 0, end + 2) if end >= 0 else None
        if end >= 0 and length is None:
            raise BenchFailed("an answer does not state its length")
        complete = length is not None and len(self.received) >= end + 4 + int(length[1])
        return self.received if complete else None


def drive(
    address: Address, requests: Sequence[bytes], expected: Expected, *, seconds: float, keep: int, connections: int
) -> Load:
    """Send the requests until they or the time run out; return what was seen."""
    check_loopback(address)
    load, stride = Load(), max(1, len(requests) // max(1, keep))
    with _lines(address, min(connections, len(requests))) as lines, _no_collections(), select.epoll() as poll:
        started, spent = time.perf_counter_ns(), time.process_time()
        deadline, supply = started + int(seconds * 1e9), iter(requests)
        for number, line in lines.items():
            poll.register(number, select.EPOLLIN)
            line.send(next(supply))
        waiting = len(lines)
        while waiting:
            for line in _ready(poll, lines):
                answer = line.receive()
                if answer is None:
                    continue
                now = time.perf_counter_ns()
                _note(load, line, answer, expected, stride, now)
                request = next(supply, None) if now < deadline else None
                if request is None:
                    waiting -= 1
                else:
                    line.send(request)
        load.seconds = (time.perf_counter_ns() - started) / 1e9
        load.generator_seconds = time.process_time() - spent
    return load


def ask(address: Address, request: bytes, expected: Expected) -> bytes:
    """Send one request and return the body of its answer; raises BenchFailed where it is not as expected."""
    load = drive(address, [request], expected, seconds=1, keep=1, connections=1)
    if load.wrong:
        raise BenchFailed(f"expected {expected.status}, got:\n{show(load.wrong_answers[0])}")
    return load.kept[0]


def check_loopback(address: Address) -> None:
    """Raise BenchFailed for an address that is not this machine's own: load is for nobody else."""
    if not ip_address(address[0]).is_loopback:
        raise BenchFailed(f"{address[0]} is not a loopback address; the bench loads nothing but this machine")


def show(answer: bytes) -> str:
    """Return an answer as text, short enough for a terminal."""
    return answer.decode("utf-8", "replace")[:1000]


def _note(load: Load, line: _Line, answer: bytes, expected: Expected, stride: int, now: int) -> None:
    load.latencies.append(now - line.started)
    if answer[_STATUS] != b"%d" % expected.status or expected.marker not in answer:
        load.note_wrong(answer)
    elif (len(load.latencies) - 1) % stride == 0:
        load.kept.append(answer.partition(b"\r\n\r\n")[2])


def _ready(poll: select.epoll, lines: dict[int, _Line]) -> Iterator[_Line]:
    events = poll.poll(_PATIENCE_SECONDS)
    if not events:
        raise BenchFailed(f"no answer within {_PATIENCE_SECONDS:.0f} seconds")
    for number, _ in events:
        yield lines[number]


@contextmanager
def _lines(address: Address, count: int) -> Iterator[dict[int, _Line]]:
    lines: dict[int, _Line] = {}
    try:
        for _ in range(count):
            connection = socket.create_connection(address, timeout=_PATIENCE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            lines[connection.fileno()] = _Line(connection)
        yield lines
    finally:
        for line in lines.values():
            line.connection.close()


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep the garbage collector from adding its pauses to the latencies."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
