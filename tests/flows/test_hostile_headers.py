"""Octets that no browser sends, in each header that is read, as each proxy hands them on: told, and never for ever.

The servers are as people run them: granian behind a proxy, gunicorn with our own TLS. Whether a proxy refuses such a
header itself (400) or hands it on is its own affair; ours is that nothing is a fault and that the next request counts.
"""

import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.authority import NOW, create_authority
from tests.support.command_line import CommandLine
from tests.support.proxies import proxy
from tests.support.servers import accepts, free_port, running, wait_until

SERVE = [sys.executable, "-m", "authserver.cli.main", "serve"]
VALUES = {
    "utf-8": "other=caf\u00e9".encode(),
    "latin-1": b"other=caf\xe9",
    "no text at all": b"\xff\xfe\x80",
    "a tab": b"a\tb",
    "a control": b"a\x01b",
    "deleted": b"a\x7fb",
    "nothing": b"",
    "a comma": b",,,;;;==",
    "long": b"a" * 7000,
}
READ = {
    "Cookie": ("GET /account", "GET /login?interaction=x", "POST /account/sessions"),
    "Accept-Language": ("GET /", "GET /account"),
    "Accept": ("GET /nowhere", "POST /introspect"),
    "Origin": ("POST /login?interaction=x",),
    "Referer": ("POST /login?interaction=x",),
    "Sec-Fetch-Site": ("POST /login?interaction=x",),
    "User-Agent": ("GET /account", "POST /login?interaction=x"),
    "Authorization": ("POST /token", "GET /userinfo", "POST /introspect"),
    "DPoP": ("POST /token", "GET /userinfo", "POST /par"),
    "Client-Cert": ("POST /token", "GET /userinfo"),
    "X-Forwarded-For": ("POST /token", "GET /account"),
    "X-Correlation-Id": ("GET /account", "POST /token"),
    "Content-Type": ("POST /token", "POST /login?interaction=x"),
    "If-None-Match": ("GET /jwks",),
}
Way = Callable[[], socket.socket]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("own tls"),
        *(pytest.param(name, marks=getattr(pytest.mark, name)) for name in ("apache2", "caddy", "haproxy", "nginx")),
    ],
)
def way(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    """The way in to a server: through a proxy, or over our own TLS."""
    folder, port = tmp_path_factory.mktemp("hostile"), free_port()
    prompt = CommandLine(folder)
    prompt.init()
    if request.param == "own tls":
        yield from _own_tls(prompt, folder, port)
        return
    path = folder / "own.sock"
    settings = {"LISTEN": f"unix:{path}", "TRUSTED_PROXIES": "unix", "CLIENT_CERT_HEADER": "rfc9440"}
    with running(SERVE, folder / "log", prompt.environment(**settings)):
        wait_until(lambda: path.exists() and accepts(str(path)), "granian")
        with proxy(request.param, folder, port, path):
            yield lambda: socket.create_connection(("127.0.0.1", port), timeout=15)


def _own_tls(prompt: CommandLine, folder: Path, port: int) -> Iterator[Way]:
    authority = create_authority("a test's authority", NOW)
    certificate, key = authority.issue_server(("localhost",), NOW).save(folder, "server")
    settings = {
        "LISTEN": f"127.0.0.1:{port}",
        "LISTEN_MTLS": "",
        "TLS_CERT_FILE": str(certificate),
        "TLS_KEY_FILE": str(key),
    }
    context = ssl.create_default_context(cadata=authority.pem.decode())
    with running(SERVE, folder / "log", prompt.environment(**settings)):
        wait_until(lambda: accepts(("127.0.0.1", port)), "gunicorn")
        yield lambda: context.wrap_socket(
            socket.create_connection(("127.0.0.1", port), timeout=15), server_hostname="localhost"
        )


def _ask(way: Way, what: str, *headers: tuple[str, bytes]) -> tuple[int, bytes]:
    method, _, path = what.partition(" ")
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: localhost", b"Connection: close"]
    if method == "POST":
        lines += [b"Content-Length: 0"]
        if "Content-Type" not in dict(headers):
            lines += [b"Content-Type: application/x-www-form-urlencoded"]
    lines += [name.encode() + b": " + value for name, value in headers]
    with way() as link:
        link.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_no_header_makes_a_fault_or_keeps_anyone_out(way: Way, value: str) -> None:
    for header, places in READ.items():
        for what in places:
            status, answer = _ask(way, what, (header, VALUES[value]))
            assert status < 500, (header, what, answer)
            assert b"Traceback" not in answer
    assert _ask(way, "GET /readyz")[0] == 200


@pytest.mark.parametrize("value", ["utf-8", "latin-1"])
def test_a_cookie_of_another_site_is_told_of_or_ignored_and_gone_once_it_is_gone(way: Way, value: str) -> None:
    clean, _ = _ask(way, "GET /account")
    status, answer = _ask(way, "GET /account", ("Cookie", VALUES[value]))
    assert status == clean or b"A cookie from another site is in the way" in answer, answer
    assert _ask(way, "GET /account")[0] == clean


@pytest.mark.parametrize("header", ["Accept-Language", "User-Agent", "Referer", "X-Correlation-Id"])
def test_headers_that_decide_nothing_refuse_nobody(way: Way, header: str) -> None:
    clean, _ = _ask(way, "GET /account")
    for value in ("utf-8", "latin-1", "a tab", "nothing", "a comma", "long"):
        status, answer = _ask(way, "GET /account", (header, VALUES[value]))
        assert status == clean, (header, value, answer[:300])
