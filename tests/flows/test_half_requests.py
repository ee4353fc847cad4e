"""Requests of which half the body comes and no more: nobody else waits for them, and they end by themselves.

Behind each proxy as deploy/nginx/README.md sets it up the server is never shown one.
"""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.nginx import SERVE
from tests.support.proxies import proxy
from tests.support.servers import accepts, free_port, running, wait_until

HEAD = "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n{}\r\n\r\n"
SMALL, LARGE = 100, 40 * 1024
PEERS = 30
PROMPT_SECONDS = 2
DOCUMENTED_SECONDS = 10
TOLERANCE_SECONDS = 3
Way = Callable[[], socket.socket]


@contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """The server behind a proxy that is yet to come; yields its socket, beside the file `log`."""
    path, prompt = folder / "own.sock", CommandLine(folder)
    prompt.init()
    settings = {"LISTEN": f"unix:{path}", "TRUSTED_PROXIES": "unix", "CLIENT_CERT_HEADER": "rfc9440"}
    with running(SERVE, folder / "log", prompt.environment(**settings)):
        wait_until(lambda: path.exists() and accepts(str(path)), "granian")
        yield path


def _directly(path: Path) -> socket.socket:
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(15)
    link.connect(str(path))
    return link


def _half(way: Way, size: int) -> socket.socket:
    link = way()
    link.sendall(HEAD.format("/token", f"Content-Length: {size}").encode() + b"a" * (size // 2))
    return link


def _answer(link: socket.socket) -> tuple[int, dict[str, object]]:
    octets = b"".join(iter(lambda: link.recv(65536), b""))
    head, _, body = octets.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), json.loads(body) if b"application/json" in head.lower() else {}


def _ask(way: Way, what: str, body: bytes = b"") -> tuple[int, dict[str, object]]:
    with way() as link:
        lines = [f"{what} HTTP/1.1", "Host: localhost", "Connection: close", f"Content-Length: {len(body)}"]
        lines += ["Content-Type: application/x-www-form-urlencoded"] if body else []
        link.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return _answer(link)


def _assert_served(way: Way) -> None:
    """Hold that a page, a form and a body as large as the halves' are each answered by the application in good time."""
    form = b"grant_type=client_credentials&client_id=nobody"
    for what, body, status in (("GET /jwks", b"", 200), ("POST /token", form, 401), ("POST /token", b"a" * LARGE, 401)):
        began = time.monotonic()
        answer, told = _ask(way, what, body)
        assert answer == status, (what, told)
        assert told.get("keys") or told["error"]
        assert time.monotonic() - began < PROMPT_SECONDS, what


def _assert_ends(link: socket.socket, deadline: float) -> None:
    link.settimeout(max(0.1, deadline - time.monotonic()))
    while link.recv(65536):
        pass


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("apache2", "caddy", "haproxy", "nginx")]
)
def test_behind_each_proxy_halves_keep_nobody_waiting_and_end_in_the_documented_time(name: str, tmp_path: Path) -> None:
    port = free_port()

    def way() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=15)

    with ExitStack() as stack:
        stack.enter_context(proxy(name, tmp_path, port, stack.enter_context(serving(tmp_path))))
        _assert_served(way)
        halves = [stack.enter_context(_half(way, size)) for size in (SMALL, LARGE) for _ in range(PEERS)]
        deadline = time.monotonic() + DOCUMENTED_SECONDS + TOLERANCE_SECONDS
        for _ in range(3):
            _assert_served(way)
        for half in halves:
            _assert_ends(half, deadline)
        _assert_served(way)
    assert "half a body" not in (tmp_path / "log").read_text(), "the proxy handed on what was not whole"


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Way, Path]]:
    """The way to the server itself, and the server's log."""
    folder = tmp_path_factory.mktemp("halves")
    with serving(folder) as path:
        yield lambda: _directly(path), folder / "log"


@pytest.mark.spec("RFC9112-8")
def test_a_body_that_ends_before_its_stated_length_reaches_no_endpoint(direct: tuple[Way, Path]) -> None:
    way, log = direct
    before = log.read_text().count("half a body")
    body = b"grant_type=client_credentials&client_id=cut-short"
    with way() as link:
        link.sendall(HEAD.format("/token", f"Content-Length: {len(body) + 1}").encode() + body)
    wait_until(lambda: log.read_text().count("half a body") > before, "the line of the log")
    assert "cut-short" not in log.read_text()


def test_a_body_in_chunks_is_taken_in_whole(direct: tuple[Way, Path]) -> None:
    way, _ = direct
    with way() as link:
        link.sendall(HEAD.format("/token", "Transfer-Encoding: chunked").encode() + b"b\r\ngrant_type=\r\n")
        time.sleep(0.1)
        link.sendall(b"1\r\nx\r\n0\r\n\r\n")
        assert link.recv(65536).startswith(b"HTTP/1.1 401")
