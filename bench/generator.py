"""The load generator: jobs over kept connections, one after the other on each.

A job is one request made before the clock starts, or a conversation: requests of which each needs the answer before.
Every answer is checked for its status and for a text that only a right answer holds; some are kept to be verified in
full once the clock has stopped. It never speaks to anything but this machine.
"""

import gc
import re
import select
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
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


@dataclass(frozen=True, slots=True)
class Request:
    """One request's bytes, and what a right answer shows."""

    wire: bytes
    expected: Expected


Conversation = Generator[Request, bytes, None]
"""Yields requests and is sent each one's whole answer."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work of a kind: a request, or what begins a conversation."""

    kind: str
    work: Request | Callable[[], Conversation]


@dataclass(slots=True)
class Load:
    """What one run saw: latencies of jobs in nanoseconds, how many went wrong, and the last answers of some.

    `requests` counts every request, also those within conversations.
    """

    latencies: list[int] = field(default_factory=list)
    requests: int = 0
    wrong: int = 0
    wrong_answers: list[bytes] = field(default_factory=list)
    kept: list[tuple[str, bytes]] = field(default_factory=list)
    seconds: float = 0.0
    generator_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Return jobs done rightly in a second."""
        return (len(self.latencies) - self.wrong) / self.seconds

    def note(self, line: "Line", now: int, stride: int) -> None:
        """Count a job that has come to its end, and keep its last answer now and then."""
        self.latencies.append(now - line.began)
        if (len(self.latencies) - 1) % stride == 0 and not line.went_wrong:
            self.kept.append((line.kind, line.received.partition(b"\r\n\r\n")[2]))

    def note_wrong(self, answer: bytes) -> None:
        """Count a wrong answer, and keep the first ones to be shown."""
        self.wrong += 1
        if len(self.wrong_answers) < _MOST_WRONG_KEPT:
            self.wrong_answers.append(answer)


@dataclass(slots=True)
class Line:
    """One connection with the job it works on and the answer it is waiting for.

    `began` is when the job did, in nanoseconds.
    """

    connection: socket.socket
    kind: str = ""
    began: int = 0
    received: bytes = b""
    went_wrong: bool = False
    _expected: Expected | None = None
    _conversation: Conversation | None = None

    def begin(self, job: Job, now: int) -> None:
        """Send a job's first request."""
        self.kind, self.began, self.went_wrong = job.kind, now, False
        if isinstance(job.work, Request):
            self._conversation = None
            self._send(job.work)
        else:
            self._conversation = job.work()
            self._send(next(self._conversation))

    def receive(self) -> bool:
        """Take in what has come and tell whether the answer is whole; raises BenchFailed where the server hung up."""
        chunk = self.connection.recv(_CHUNK)
        if not chunk:
            raise BenchFailed("the server closed a connection in the middle of the load")
        self.received += chunk
        end = self.received.find(b"\r\n\r\n")
        length = _LENGTH.search(self.received, 0, end + 2) if end >= 0 else None
        if end >= 0 and length is None:
            raise BenchFailed(f"an answer does not state its length:\n{show(self.received)}")
        return length is not None and len(self.received) >= end + 4 + int(length[1])

    def go_on(self, load: Load) -> bool:
        """Check the whole answer and send what follows it; tell whether the job goes on."""
        load.requests += 1
        expected, answer = self._expected, self.received
        if expected is None or answer[_STATUS] != b"%d" % expected.status or expected.marker not in answer:
            self.went_wrong = True
            load.note_wrong(answer)
            return False
        if self._conversation is None:
            return False
        try:
            self._send(self._conversation.send(answer))
        except StopIteration:
            return False
        return True

    def _send(self, request: Request) -> None:
        self.received, self._expected = b"", request.expected
        self.connection.sendall(request.wire)


def drive(address: Address, jobs: Sequence[Job], *, seconds: float, keep: int, connections: int) -> Load:
    """Do the jobs until they or the time run out, and those begun to their end; return what was seen."""
    check_loopback(address)
    load, stride = Load(), max(1, len(jobs) // max(1, keep))
    with open_lines(address, min(connections, len(jobs))) as lines, no_collections(), select.epoll() as poll:
        started, spent = time.perf_counter_ns(), time.process_time()
        deadline, supply = started + int(seconds * 1e9), iter(jobs)
        for number, line in lines.items():
            poll.register(number, select.EPOLLIN)
            line.begin(next(supply), time.perf_counter_ns())
        waiting = len(lines)
        while waiting:
            for line in ready(poll, lines):
                if not line.receive() or line.go_on(load):
                    continue
                now = time.perf_counter_ns()
                load.note(line, now, stride)
                job = next(supply, None) if now < deadline else None
                if job is None:
                    waiting -= 1
                else:
                    line.begin(job, time.perf_counter_ns())
        load.seconds = (time.perf_counter_ns() - started) / 1e9
        load.generator_seconds = time.process_time() - spent
    return load


def ask(address: Address, request: bytes, expected: Expected) -> bytes:
    """Send one request and return the body of its answer; raises BenchFailed where it is not as expected."""
    load = drive(address, [Job("", Request(request, expected))], seconds=1, keep=1, connections=1)
    if load.wrong:
        raise BenchFailed(f"expected {expected.status}, got:\n{show(load.wrong_answers[0])}")
    return load.kept[0][1]


def check_loopback(address: Address) -> None:
    """Raise BenchFailed for an address that is not this machine's own: load is for nobody else."""
    if not ip_address(address[0]).is_loopback:
        raise BenchFailed(f"{address[0]} is not a loopback address; the bench loads nothing but this machine")


def show(answer: bytes) -> str:
    """Return an answer as text, short enough for a terminal."""
    return answer.decode("utf-8", "replace")[:1000]


def ready(poll: select.epoll, lines: dict[int, Line]) -> Iterator[Line]:
    """Yield the lines on which something has come; raises BenchFailed where nothing does."""
    events = poll.poll(_PATIENCE_SECONDS)
    if not events:
        raise BenchFailed(f"no answer within {_PATIENCE_SECONDS:.0f} seconds")
    for number, _ in events:
        yield lines[number]


@contextmanager
def open_lines(address: Address, count: int) -> Iterator[dict[int, Line]]:
    """Open so many connections, by their file numbers."""
    lines: dict[int, Line] = {}
    try:
        for _ in range(count):
            connection = socket.create_connection(address, timeout=_PATIENCE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            lines[connection.fileno()] = Line(connection)
        yield lines
    finally:
        for line in lines.values():
            line.connection.close()


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep the garbage collector from adding its pauses to the latencies."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
