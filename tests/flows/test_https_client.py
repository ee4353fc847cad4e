"""The kit's way to the issuer: whatever the other side does, a call ends in time; a closed connection costs nothing."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ssl import create_default_context
from typing import Any

import pytest

from authserver.resource.https_client import CallFailed, TimedHttps, TimedSocket
from tests.support.key_server import KeyServer, key_server

TOTAL_SECONDS = 0.5
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: a\r\nx-name: b\r\n\r\n{}"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyServer]:
    """A server that answers each connection once, and then closes it without having said so."""
    with key_server(tmp_path) as running:
        _resolve_to(monkeypatch, "127.0.0.1")
        running.answer = ANSWER
        yield running


@pytest.fixture
def https(server: KeyServer) -> Iterator[TimedHttps]:
    """The way to it."""
    context = create_default_context(cafile=server.ca_file)
    context.sslsocket_class = TimedSocket
    way = TimedHttps(server.url, context, TOTAL_SECONDS)
    yield way
    way.close()


def _resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str, after_seconds: float = 0) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the resolver has it
        if host.endswith(".test"):
            time.sleep(after_seconds)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
        return real(host, port, *arguments, **named)

    monkeypatch.setattr("socket.getaddrinfo", resolve)


def _fails(https: TimedHttps, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(CallFailed, match=reason):
        https.post("/introspect", {"token": "x"}, {})
    assert time.monotonic() - began < TOTAL_SECONDS + 1


def test_an_answer_is_read_whole_and_a_connection_that_was_closed_meanwhile_is_made_anew(
    server: KeyServer, https: TimedHttps
) -> None:
    for asked in (1, 2, 3):
        reply = https.post("/introspect?a=b", {"token": "x y", "client_id": "bank"}, {"Accept": "application/json"})
        assert (reply.status, reply.body, reply.headers["x-name"]) == (200, b"{}", "a, b")
        assert len(server.requests) == asked
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /introspect?a=b HTTP/1.1\r\n")
    assert body in {b"token=x+y&client_id=bank", b""}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
    ],
    ids=["chunked", "until the end", "1.0"],
)
def test_every_form_of_an_answer_is_read(server: KeyServer, https: TimedHttps, answer: bytes) -> None:
    server.answer = answer
    assert https.post("/introspect", {}, {}).body == b"{}"
    assert https.post("/introspect", {}, {}).body == b"{}"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n" + b"x" * 65_537,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_none(server: KeyServer, https: TimedHttps, answer: bytes) -> None:
    server.answer = answer
    _fails(https, ".")


def test_a_server_that_drips_is_cut_off(server: KeyServer, https: TimedHttps) -> None:
    server.drips = True
    _fails(https, "took too long")


def test_a_server_that_never_speaks_is_cut_off(server: KeyServer, https: TimedHttps) -> None:
    server.is_mute = True
    _fails(https, "took too long")


@pytest.mark.usefixtures("server")
def test_a_name_that_is_looked_up_for_too_long_is_given_up(https: TimedHttps, monkeypatch: pytest.MonkeyPatch) -> None:
    _resolve_to(monkeypatch, "127.0.0.1", after_seconds=TOTAL_SECONDS * 3)
    _fails(https, "took too long")


@pytest.mark.usefixtures("server")
def test_lookups_that_were_given_up_hold_up_none_that_comes_after(
    https: TimedHttps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a resolver hangs every call wants a name: those that nobody waits for any more must leave the line."""
    _resolve_to(monkeypatch, "127.0.0.1", after_seconds=TOTAL_SECONDS * 2)
    with ThreadPoolExecutor(24) as callers:
        for call in [callers.submit(https.post, "/introspect", {}, {}) for _ in range(24)]:
            assert isinstance(call.exception(), CallFailed)
    time.sleep(TOTAL_SECONDS * 2)  # those that were under way end
    _resolve_to(monkeypatch, "127.0.0.1")
    assert https.post("/introspect", {}, {}).status == 200


@pytest.mark.usefixtures("server")
def test_of_several_addresses_the_first_that_answers_is_taken(
    https: TimedHttps, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolve_to(monkeypatch, "127.0.0.2", "127.0.0.1")
    assert https.post("/introspect", {}, {}).status == 200
    _resolve_to(monkeypatch)
    https.close()
    _fails(https, "OSError")


@pytest.mark.parametrize("url", ["http://login.example", "login.example", "https://", ""])
def test_the_way_is_https(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        TimedHttps(url, create_default_context(), TOTAL_SECONDS)
