"""A cookie that another application of the parent domain set: nobody is signed out by it without a word."""

import json
import socket
from pathlib import Path

import pytest

from authserver.web.pages.cookies import SESSION_COOKIE
from tests.support.deployment import ISSUER, Deployment
from tests.support.person import Person
from tests.support.relying_party import register
from tests.support.servers import accepts, probe_command, running, wait_until

FOREIGN = "other=caf\u00e9; {}=abc"


def test_granian_hands_cookies_on_as_an_empty_header(tmp_path: Path) -> None:
    """What is mended here in the proxy's configuration and by an answer; once this fails, granian has mended it."""
    path = str(tmp_path / "own.sock")
    with running(probe_command("behind_proxy", f"unix:{path}"), tmp_path / "log"):
        wait_until(lambda: accepts(path), "granian")
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(path)
            cookies = FOREIGN.format(SESSION_COOKIE).encode()
            link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: " + cookies + b"\r\n\r\n")
            answer = b"".join(iter(lambda: link.recv(4096), b""))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["cookies"] == ""


@pytest.mark.parametrize("header", ["", "a=b; " * 4000], ids=["emptied", "flooded"])
def test_a_browser_whose_cookies_cannot_be_read_is_told_so(either: Deployment, header: str) -> None:
    alice = Person(either)
    url = register(either).authorization_url()
    for path in (url, "/authorize/continue?interaction=x", "/login?interaction=x", "/account", "/account/sessions"):
        client = either.app.test_client(use_cookies=False)
        answer = client.get(path, base_url=ISSUER, environ_overrides={"HTTP_COOKIE": header})
        assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (400, []), path
        assert "A cookie from another site is in the way" in answer.text
        assert answer.headers["X-Correlation-Id"] in answer.text
    assert alice.open(url).status_code == 200, "with its own cookies, or none, the same link works"


def test_what_the_page_needs_is_served_all_the_same(either: Deployment) -> None:
    client = either.app.test_client(use_cookies=False)
    page = client.get("/account", base_url=ISSUER, environ_overrides={"HTTP_COOKIE": ""}).text
    style = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert style
    assert client.get(style, base_url=ISSUER, environ_overrides={"HTTP_COOKIE": ""}).status_code == 200


def test_machines_send_no_cookies_and_are_not_asked_for_any(either: Deployment) -> None:
    client = either.app.test_client(use_cookies=False)
    assert client.get("/jwks", base_url=ISSUER, environ_overrides={"HTTP_COOKIE": ""}).status_code == 200
