"""The bench measures right answers from this machine, or it says aloud that it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from bench.generator import Address, BenchFailed, Expected, Job, Load, Request, ask, drive
from bench.messages import get

EXPECTED = Expected(200, b'"active":true')
GOOD = b'{"active":true}'


class Handler(BaseHTTPRequestHandler):
    """Answers each request with what the test set, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    answers: Iterator[tuple[int, bytes]] = iter(())

    def do_GET(self) -> None:
        status, body = next(type(self).answers)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def answering(*answers: tuple[int, bytes]) -> Iterator[Address]:
    Handler.answers = iter(answers)
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


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "0.0.0.0", "2001:db8::1"])  # noqa: S104 - an address that is refused
def test_no_other_machine_is_ever_loaded(host: str) -> None:
    with pytest.raises(BenchFailed, match="loopback"):
        load((host, 80), 1)
