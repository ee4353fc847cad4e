"""The bench measures right answers from this machine, or it says aloud that it cannot."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bench.generator import Address, BenchFailed, Conversation, Expected, Job, Load, Request, ask, drive
from bench.messages import get
from bench.paced import drive_on_time, evenly
from bench.processes import Command, running

EXPECTED = Expected(200, b'"active":true')
GOOD = b'{"active":true}'


class Handler(BaseHTTPRequestHandler):
    """Answers each request with what the test set, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    answers: Iterator[tuple[int, bytes]] = iter(())
    delay_seconds = 0.0

    def do_GET(self) -> None:
        time.sleep(type(self).delay_seconds)
        status, body = next(type(self).answers)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering(*answers: tuple[int, bytes], delay_seconds: float = 0.0) -> Iterator[Address]:
    Handler.answers, Handler.delay_seconds = iter(answers), delay_seconds
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ("127.0.0.1", server.server_port)
        finally:
            server.shutdown()
            thread.join()


def load(address: Address, count: int) -> Load:
    jobs = [Job("question", Request(get("/x").wire(), EXPECTED))] * count
    return drive(address, jobs, seconds=5, keep=count, connections=1)


def test_every_request_is_sent_once_and_its_answer_kept() -> None:
    with answering(*[(200, GOOD)] * 5) as address:
        seen = load(address, 5)
    assert (len(seen.latencies), seen.wrong, seen.kept) == (5, 0, [("question", GOOD)] * 5)


@pytest.mark.parametrize("wrong", [(500, GOOD), (201, GOOD), (200, b'{"active":false}')])
def test_an_answer_of_another_status_or_content_is_counted_as_wrong(wrong: tuple[int, bytes]) -> None:
    with answering((200, GOOD), wrong, (200, GOOD)) as address:
        seen = load(address, 3)
    assert (seen.wrong, len(seen.kept)) == (1, 2)
    assert wrong[1] in seen.wrong_answers[0]


def test_one_question_with_a_wrong_answer_ends_the_bench() -> None:
    with answering((500, b"{}")) as address, pytest.raises(BenchFailed, match="500"):
        ask(address, get("/x").wire(), EXPECTED)


def conversation() -> Conversation:
    first = yield Request(get("/x").wire(), EXPECTED)
    assert first.endswith(GOOD)
    yield Request(get("/y").wire(), EXPECTED)


def test_a_conversation_is_one_job_of_several_requests_and_its_last_answer_is_kept() -> None:
    last = b'{"active":true,"last":1}'
    with answering((200, GOOD), (200, last)) as address:
        seen = drive(address, [Job("talk", conversation)], seconds=5, keep=1, connections=1)
    assert (len(seen.latencies), seen.requests, seen.wrong, seen.kept) == (1, 2, 0, [("talk", last)])


def test_a_wrong_answer_within_a_conversation_ends_it_as_wrong() -> None:
    with answering((200, b"{}")) as address:
        seen = drive(address, [Job("talk", conversation)], seconds=5, keep=1, connections=1)
    assert (len(seen.latencies), seen.requests, seen.wrong, seen.kept) == (1, 1, 1, [])
    assert seen.per_second == 0


def test_a_steady_pace_is_kept_however_fast_the_answers_come() -> None:
    jobs = [Job("question", Request(get("/x").wire(), EXPECTED))] * 10
    with answering(*[(200, GOOD)] * 10) as address:
        seen = drive_on_time(address, evenly(jobs, 50), keep=10)["question"]
    assert (len(seen.latencies), seen.wrong) == (10, 0)
    assert seen.seconds >= 9 / 50


def test_what_a_slow_answer_delays_counts_as_latency() -> None:
    """A job that is due while no connection is free has waited since then."""
    jobs = [Job("question", Request(get("/x").wire(), EXPECTED))] * 3
    with answering(*[(200, GOOD)] * 3, delay_seconds=0.1) as address:
        seen = drive_on_time(address, evenly(jobs, 1000), keep=3, connections=1)["question"]
    assert max(seen.latencies) >= 0.25e9


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "0.0.0.0", "2001:db8::1"])  # noqa: S104 - an address that is refused
def test_no_other_machine_is_ever_loaded(host: str, tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match="loopback"):
        load((host, 80), 1)
    with pytest.raises(BenchFailed, match="loopback"):
        drive_on_time((host, 80), evenly([Job("question", Request(get("/x").wire(), EXPECTED))], 1), keep=1)
    command = Command(["false"], tmp_path, {}, (host, 80), "/readyz")
    with pytest.raises(BenchFailed, match="loopback"), running(command, frozenset()):
        pass
