"""Raw octets to the real servers, gunicorn with our TLS and granian behind a proxy: each serves on, silent."""

import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.conftest import FORM
from tests.fuzz.test_wire import paths
from tests.support.authority import NOW, create_authority
from tests.support.command_line import CommandLine
from tests.support.hostile import CANARY, SECRET
from tests.support.hypothesis_profiles import budget
from tests.support.servers import accepts, free_port, running, wait_until

pytestmark = pytest.mark.spec("RFC6749-10.14-1")
_AUTHORITY = create_authority("the servers' authority", NOW)
_PATIENCE_SECONDS = 5
# What servers themselves answer to what is no HTTP they know; everything else of 5xx would be ours.
_SERVERS_OWN = {501, 503, 505}


@dataclass(frozen=True)
class Served:
    """A running server: how to reach it, and where it writes."""

    connect: Callable[[], socket.socket]
    log: Path

    def ask(self, octets: bytes) -> bytes:
        """Send octets on a connection of their own and return what comes back until it closes."""
        received = b""
        with self.connect() as link, suppress(TimeoutError, ConnectionError, ssl.SSLError):
            link.sendall(octets)
            while chunk := link.recv(65_536):
                received += chunk
        return received


def _over_tls(port: int) -> socket.socket:
    context = ssl.create_default_context(cadata=_AUTHORITY.pem.decode())
    plain = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
    return context.wrap_socket(plain, server_hostname="localhost")


def _over_unix(path: str) -> socket.socket:
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(_PATIENCE_SECONDS)
    link.connect(path)
    return link


@pytest.fixture(scope="module", params=["gunicorn", "granian"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The whole server as an operator starts it, on gunicorn with TLS and on granian on a Unix socket."""
    folder = tmp_path_factory.mktemp(request.param)
    prompt, port, path = CommandLine(folder), free_port(), str(folder / "s")
    prompt.init()
    settings = {"LISTEN": f"unix:{path}", "LIMIT_CLIENT_AUTHENTICATION_FAILURE": ""}
    connect: Callable[[], socket.socket] = partial(_over_unix, path)
    address: tuple[str, int] | str = path
    if request.param == "gunicorn":
        certificate, key = _AUTHORITY.issue_server(("localhost",), NOW).save(folder, "server")
        settings |= {"LISTEN": f"127.0.0.1:{port}", "LISTEN_MTLS": ""}
        settings |= {"TLS_CERT_FILE": str(certificate), "TLS_KEY_FILE": str(key)}
        connect, address = partial(_over_tls, port), ("127.0.0.1", port)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in prompt.environment(**settings).items():
            environment.setenv(name, value)
        with running([sys.executable, "-m", "authserver.cli.main", "serve"], folder / "log"):
            wait_until(lambda: accepts(address), "the listener", patience_seconds=60)
            server = Served(connect, folder / "log")
            wait_until(
                lambda: b'{"status":"ok"}' in server.ask(_request(b"GET", b"/readyz", [])),
                "the first answer",
                patience_seconds=60,
            )
            yield server


def _request(method: bytes, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    lines = [(b"Host", b"localhost"), (b"Connection", b"close"), *headers]
    head = b"".join(name + b": " + value + b"\r\n" for name, value in lines)
    return method + b" " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body


_octets = st.binary(max_size=12)
_methods = st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"get", b"P\x00ST", b"", b"A" * 40]) | _octets
_targets = st.builds(
    lambda path, odd: path.encode() + odd,
    paths,
    st.sampled_from([b"", b"?", b"?a=%ff", b"?\xff", b"/\x00", b"#x", b" x"]) | _octets,
)
_names = st.sampled_from(
    [b"Authorization", b"DPoP", b"Cookie", b"Content-Type", b"Client-Cert", b"X-A", b"X_A", b"Expect", b"Host"]
)
_values = (
    st.sampled_from([b"", SECRET.encode(), b"\xff\xfe", b"a" * 9000, b"Basic \xe9", b"100-continue", b"\x00"]) | _octets
)
_headers = st.lists(st.tuples(_names, _values), max_size=3)
_lengths = st.sampled_from([b"0", b"-1", b"+5", b"5 ", b"0x5", b"abc", b"5, 5", b"5,6", b"9" * 400, b"70000", b"5"])
_encodings = st.sampled_from([b"chunked", b"chunked, chunked", b"identity", b"gzip", b"\x0bchunked", b"x"])
_chunks = st.sampled_from(
    [b"5\r\na=b&c\r\n0\r\n\r\n", b"zz\r\n", b"-1\r\n\r\n", b"5;x\r\na=b", b"0\r\n\r\n", b"fffffffffffffffff\r\na"]
)


def _check(served: Served, received: bytes) -> None:
    if received:
        found = re.match(rb"HTTP/1\.[01] (\d{3}) ", received)
        assert found, received[:200]
        status = int(found[1])
        assert status < 500 or status in _SERVERS_OWN, received
        if status >= 400:
            assert SECRET.encode() not in received
            assert CANARY.encode() not in received
            assert b"Traceback" not in received
    said = served.log.read_text(errors="replace")
    assert "Traceback" not in said, said[-2000:]
    assert SECRET not in said


@budget(80)
@given(_methods, _targets, _headers)
def test_lines_and_headers(served: Served, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    _check(served, served.ask(_request(method, target, headers)))


@budget(80)
@given(paths, _lengths | st.none(), _encodings | st.none(), _chunks | st.just(SECRET.encode()))
def test_lengths_and_transfer_codings(
    served: Served, path: str, length: bytes | None, encoding: bytes | None, body: bytes
) -> None:
    headers = [(b"Content-Type", FORM.encode())]
    headers += [(b"Content-Length", length)] if length is not None else []
    headers += [(b"Transfer-Encoding", encoding)] if encoding is not None else []
    _check(served, served.ask(_request(b"POST", path.encode(), headers, body)))


def test_it_still_serves(served: Served) -> None:
    for _ in range(8):
        assert b'{"status":"ok"}' in served.ask(_request(b"GET", b"/readyz", []))
