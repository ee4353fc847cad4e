"""The kit under ASGI, in a real server: checks never hold up the event loop, and no header is taken for another."""

import asyncio
import json
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any

import pytest

from authserver.protocol.errors import TemporarilyUnavailable
from authserver.resource.asgi import AsgiProtector, Message, Receive, Refused, Scope, Send
from authserver.resource.checks import Expectation
from authserver.resource.demand import Demand
from authserver.resource.environ import ApiOrigin
from authserver.resource.guard import Guard
from tests.support.api_behind_proxy import HEADER
from tests.support.asgi_api import ORIGIN, SECONDS, SlowTokens
from tests.support.asgi_bridge import exchange, run_apart
from tests.support.authority import NOW, common_name, self_signed
from tests.support.servers import accepts, free_port, running, wait_until

OWN, VICTIM = (self_signed(common_name(name), NOW) for name in ("own", "victim"))
GUARD = Guard(SlowTokens(), Expectation("https://as.example", ORIGIN, unbound_allowed=True), lambda: NOW)
SOCKET: Scope = {"type": "websocket", "path": "/", "headers": [], "client": ("192.0.2.1", 1)}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An API under granian's ASGI."""
    chosen = free_port()
    command = ["-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(chosen)]
    log = tmp_path_factory.mktemp("server") / "log"
    with running([sys.executable, *command, "tests.support.asgi_api:application"], log):
        wait_until(lambda: accepts(("127.0.0.1", chosen)), "the server")
        yield chosen


def ask(port: int, path: str, *headers: tuple[str, str]) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", path)
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    with closing(connection):
        response = connection.getresponse()
        return response.status, json.load(response)


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-1", "RFC6750-3.1-1")
def test_good_tokens_pass_and_others_are_refused(port: int) -> None:
    assert ask(port, "/accounts", ("Authorization", "Bearer accounts")) == (200, {"sub": "alice", "certificate": None})
    assert ask(port, "/accounts", ("Authorization", "Bearer payments"))[1]["error"] == "insufficient_scope"
    assert ask(port, "/accounts") == (401, {})
    assert ask(port, "/accounts?access_token=accounts")[0] == 400


def test_checks_that_take_their_time_hold_up_nobody_else(port: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        slow = [pool.submit(ask, port, "/accounts", ("Authorization", "Bearer accounts")) for _ in range(8)]
        time.sleep(SECONDS / 5)
        assert ask(port, "/healthz")[0] == 200
        assert time.monotonic() - began < SECONDS
        assert [each.result()[0] for each in slow] == [200] * 8
        assert time.monotonic() - began < 4 * SECONDS


@pytest.mark.parametrize("spelling", ["Client_Cert5f0c", "Client-Cert5f0c", "ClientCert_5f0c", "Client_Cert"])
@pytest.mark.spec("RFC8705-6.5-1")
def test_no_spelling_of_a_client_s_is_taken_for_the_proxy_s_header(port: int, spelling: str) -> None:
    forged, proxys = ((name, f":{b64encode(each.der).decode()}:") for name, each in ((spelling, VICTIM), (HEADER, OWN)))
    for headers in ((forged, proxys), (proxys, forged)):
        assert ask(port, "/certificate", *headers)[1]["certificate"] == sha256(OWN.der).hexdigest()


async def never(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError


def test_a_websocket_without_a_token_is_closed_before_it_opens() -> None:
    protector = AsgiProtector(GUARD, ApiOrigin(ORIGIN))
    assert exchange(protector.guarding(never), SOCKET) == [{"type": "websocket.close", "code": 1008}]


def test_the_bridge_of_the_tests_works_where_a_loop_runs_already() -> None:
    async def inside() -> list[Message]:
        return exchange(AsgiProtector(GUARD, ApiOrigin(ORIGIN)).guarding(never), SOCKET)

    assert run_apart(inside()) == [{"type": "websocket.close", "code": 1008}]


def test_what_the_server_says_of_its_own_start_and_end_passes() -> None:
    seen: list[str] = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    assert exchange(AsgiProtector(GUARD, ApiOrigin(ORIGIN)).guarding(inner), {"type": "lifespan"}) == []
    assert seen == ["lifespan"]


def test_a_refusal_after_the_answer_began_ends_the_connection() -> None:
    async def inner(scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await protector.admit(scope)

    protector = AsgiProtector(GUARD, ApiOrigin(ORIGIN))
    with pytest.raises(Refused):
        exchange(protector.answering(inner), {**SOCKET, "type": "http", "method": "GET"})


def test_a_token_is_spent_once_and_the_refusal_is_answered() -> None:
    answers: list[list[Message]] = []

    async def inner(scope: Scope, _receive: Receive, send: Send) -> None:
        await protector.spend(scope, await protector.admit(scope, Demand(("payments",))))
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    protector = AsgiProtector(GUARD, ApiOrigin(ORIGIN))
    scope: Scope = {**SOCKET, "type": "http", "method": "POST", "headers": [(b"authorization", b"Bearer payments")]}
    answers = [exchange(protector.answering(inner), scope) for _ in range(2)]
    assert [head["status"] for head, _ in answers] == [201, 401]


def test_too_many_that_wait_are_refused_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authserver.resource.asgi._MOST_WAITING", 1)
    protector = AsgiProtector(GUARD, ApiOrigin(ORIGIN), threads=1)
    scope: Scope = {**SOCKET, "type": "http", "method": "GET", "headers": [(b"authorization", b"Bearer accounts")]}

    async def three() -> list[object]:
        return await asyncio.gather(*(protector.admit(scope) for _ in range(3)), return_exceptions=True)

    *admitted, refused = run_apart(three())
    assert not any(isinstance(each, BaseException) for each in admitted)
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, TemporarilyUnavailable)
    assert not isinstance(run_apart(three())[0], BaseException), "places are given back"
