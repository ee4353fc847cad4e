"""Our own TLS beside a crowd of peers that say nothing, and more of them than the server may hold."""

import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPSConnection
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
from socket import create_connection

import pytest

from tests.support.authority import NOW, create_authority
from tests.support.programs import skip_or_fail
from tests.support.servers import accepts, free_port, probe_command, running, wait_until

_OPEN_FILES = 300
_MANY_FILES = 4096
_FULL = 1100  # more than a server holds
_CROWD = 350  # more than the server may have files
_AUTHORITY = create_authority("a test's authority", NOW)


@pytest.fixture(params=[_OPEN_FILES])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """The port of a server with few files to open, or as many as the test asks for."""
    (tmp_path / "authority.pem").write_bytes(_AUTHORITY.pem)
    _AUTHORITY.issue_server(("localhost", "127.0.0.1", "::1"), NOW).save(tmp_path, "server")
    own, mtls = free_port(), free_port()
    serve = probe_command("own_tls", str(tmp_path), f"127.0.0.1:{own}", f"127.0.0.1:{mtls}")
    command = ["sh", "-c", f'ulimit -n {request.param}; exec "$@"', "sh", *serve]
    with running(command, tmp_path / "log"):
        wait_until(lambda: accepts(("127.0.0.1", own)), "the listener")
        _ask(own)
        yield own
    log = (tmp_path / "log").read_text()
    assert "exited with code" not in log, log


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many files as the test itself needs, where it may have them."""
    before = getrlimit(RLIMIT_NOFILE)
    if before[1] != RLIM_INFINITY and before[1] < _MANY_FILES:
        skip_or_fail("this user may not open so many files")
    setrlimit(RLIMIT_NOFILE, (max(before[0], _MANY_FILES), before[1]))
    yield
    setrlimit(RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("port", [_MANY_FILES], indirect=True)
def test_a_thousand_silent_peers_keep_nobody_out(port: int) -> None:
    with ExitStack() as crowd:
        for _ in range(_FULL):
            crowd.enter_context(create_connection(("127.0.0.1", port), timeout=20))
        assert max(_ask(port) for _ in range(5)) < 2


def _ask(port: int) -> float:
    """Ask for a page on a connection of one's own; return how many seconds that took."""
    began = time.monotonic()
    link = HTTPSConnection(
        "127.0.0.1", port, timeout=20, context=ssl.create_default_context(cadata=_AUTHORITY.pem.decode())
    )
    link.request("GET", "/")
    assert link.getresponse().status == 200
    link.close()
    return time.monotonic() - began


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01"])
def test_more_silent_peers_than_the_server_may_hold_keep_nobody_out(port: int, said: bytes) -> None:
    with ExitStack() as crowd:
        for _ in range(_CROWD):
            crowd.enter_context(create_connection(("127.0.0.1", port), timeout=20)).sendall(said)
        assert max(_ask(port) for _ in range(5)) < 2


def test_more_peers_that_keep_a_connection_than_the_server_may_hold_keep_nobody_out(port: int) -> None:
    context = ssl.create_default_context(cadata=_AUTHORITY.pem.decode())
    with ExitStack() as crowd:
        for _ in range(_CROWD):
            plain = crowd.enter_context(create_connection(("127.0.0.1", port), timeout=20))
            peer = crowd.enter_context(context.wrap_socket(plain, server_hostname="localhost"))
            peer.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert max(_ask(port) for _ in range(5)) < 2


def test_halves_of_requests_from_more_peers_than_the_server_may_hold_keep_nobody_out(port: int) -> None:
    context = ssl.create_default_context(cadata=_AUTHORITY.pem.decode())
    with ExitStack() as crowd:
        for _ in range(_CROWD):
            plain = crowd.enter_context(create_connection(("127.0.0.1", port), timeout=20))
            crowd.enter_context(context.wrap_socket(plain, server_hostname="localhost")).sendall(b"GET / HTTP/1.1\r\n")
        assert max(_ask(port) for _ in range(5)) < 2
