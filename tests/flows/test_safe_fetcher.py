"""Fetching what a client points at: over a real connection, and never further than it may reach."""

import json
import socket
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

import pytest

from authserver.events.catalogue import JWKS_FETCH_FAILED
from authserver.events.model import Event
from authserver.keys.remote import RemoteKeys
from authserver.outbound.fetch import FetchRefused, SafeFetcher
from authserver.outbound.public_addresses import is_public
from tests.support.jose import private_key, public_jwk
from tests.support.key_server import HOST, KeyServer, key_server


class Names:
    """A resolver that knows what it is told, and remembers what it was asked."""

    def __init__(self, *answers: str, delay_seconds: float = 0) -> None:
        self.answers = answers
        self.delay_seconds = delay_seconds
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        time.sleep(self.delay_seconds)
        return self.answers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KeyServer]:
    with key_server(tmp_path) as running:
        running.serve(b'{"keys":[]}')
        yield running


def fetcher(server: KeyServer, names: Names | None = None, total_seconds: float = 5.0) -> SafeFetcher:
    return SafeFetcher(
        allow=frozenset({server.authority.upper()}),
        ca_file=server.ca_file,
        resolve=names or Names("127.0.0.1"),
        total_seconds=total_seconds,
    )


def reason(attempt: SafeFetcher, url: str) -> str:
    with pytest.raises(FetchRefused) as caught:
        attempt.fetch(url)
    return str(caught.value)


def test_a_document_is_fetched_from_the_address_that_was_judged(server: KeyServer) -> None:
    names = Names("127.0.0.1", "127.0.0.2")
    assert fetcher(server, names).fetch(server.url) == b'{"keys":[]}'
    assert names.asked == [(HOST, server.port)], "asked once: a second answer could be another"
    (request,) = server.requests
    lines = request.decode().split("\r\n")
    assert lines[0] == "GET /jwks?client=1 HTTP/1.1"
    assert f"Host: {server.authority}" in lines


@pytest.mark.parametrize("content_type", ["application/jwk-set+json", "Application/JSON; charset=utf-8"])
def test_json_of_any_name_is_accepted(server: KeyServer, content_type: str) -> None:
    server.serve(b"{}", headers=f"Content-Type: {content_type}")
    assert fetcher(server).fetch(server.url) == b"{}"


@pytest.mark.parametrize("headers", ["Content-Type: text/html", "X-None: 1", "Content-Type: application/jsonp"])
def test_anything_but_json_is_refused(server: KeyServer, headers: str) -> None:
    server.serve(b"{}", headers=headers)
    assert "other than JSON" in reason(fetcher(server), server.url)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 Moved"])
@pytest.mark.spec("RFC9700-4.11")
def test_a_redirect_is_not_followed(server: KeyServer, status: str) -> None:
    server.serve(b"{}", status=status, headers=f"Location: {server.url}\r\nContent-Type: application/json")
    assert f"status {status[:3]}" in reason(fetcher(server), server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["204 No Content", "206 Partial Content", "404 Not Found", "500 Error"])
def test_any_status_but_200_is_refused(server: KeyServer, status: str) -> None:
    server.serve(b"{}", status=status)
    assert f"status {status[:3]}" in reason(fetcher(server), server.url)


def test_a_body_is_taken_up_to_256_kib(server: KeyServer) -> None:
    server.serve(b" " * 262_144)
    assert len(fetcher(server).fetch(server.url)) == 262_144
    server.serve(b" " * 262_145)
    assert "too much" in reason(fetcher(server), server.url)


def test_a_body_without_a_length_is_capped_too(server: KeyServer) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b" " * 400_000
    assert "too much" in reason(fetcher(server), server.url)


@pytest.mark.parametrize("headers", ["", "Content-Type: application/json\r\n\r\n"], ids=["headers", "body"])
def test_a_server_that_drips_is_cut_off(server: KeyServer, headers: str) -> None:
    server.answer = f"HTTP/1.1 200 OK\r\n{headers}".encode() + b" " * 1000
    server.drips = True
    began = time.monotonic()
    assert "took too long" in reason(fetcher(server, total_seconds=1.5), server.url)
    assert time.monotonic() - began < 3


def test_a_server_that_says_nothing_is_cut_off(server: KeyServer) -> None:
    server.is_mute = True
    began = time.monotonic()
    assert "took too long" in reason(fetcher(server, total_seconds=0.3), server.url)
    assert time.monotonic() - began < 2


def test_a_name_server_that_dawdles_is_not_waited_for(server: KeyServer) -> None:
    began = time.monotonic()
    slow = fetcher(server, Names("127.0.0.1", delay_seconds=1), total_seconds=0.2)
    assert "cannot be resolved" in reason(slow, server.url)
    assert time.monotonic() - began < 0.9


def connect_nowhere(*_arguments: object, **_options: object) -> NoReturn:
    """Stand in for the network where a failing test would reach out into the world."""
    raise AssertionError("no connection may be opened")


PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  the address under test, nothing binds it
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%1",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fec0::1",
    "::8.8.8.8",
    "::ffff:8.8.8.8",
    "2001:2::1",
    "2001:db8::1",
    "2001:20::1",
    "2002:808:808::1",
    "3ffe::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
]


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.spec("RFC7591-5")
def test_an_address_of_ours_is_refused_before_any_connection(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.create_connection", connect_nowhere)
    names = Names("8.8.8.8", address)
    assert reason(SafeFetcher(resolve=names), f"https://{HOST}/") == f"{HOST} is not on the public network"


@pytest.mark.parametrize("address", ["8.8.8.8", "192.0.1.1", "198.20.0.1", "2001:4860:4860::8888", "2a00:1450::1"])
def test_an_address_of_the_public_network_is_one(address: str) -> None:
    assert is_public(ip_address(address))


def test_an_address_that_refuses_is_followed_by_the_next(server: KeyServer) -> None:
    assert fetcher(server, Names("127.0.0.9", "127.0.0.1")).fetch(server.url) == b'{"keys":[]}'


def test_an_address_that_says_nothing_leaves_time_for_the_next(server: KeyServer) -> None:
    with socket.create_server(("127.0.0.9", server.port)):
        names = Names("127.0.0.9", "127.0.0.1")
        assert fetcher(server, names, total_seconds=2).fetch(server.url) == b'{"keys":[]}'


def test_addresses_share_one_deadline(server: KeyServer) -> None:
    with socket.create_server(("127.0.0.9", server.port)):
        began = time.monotonic()
        assert "took too long" in reason(fetcher(server, Names(*["127.0.0.9"] * 20), total_seconds=0.8), server.url)
        assert time.monotonic() - began < 2


def test_a_name_without_an_address_is_refused() -> None:
    assert "no address" in reason(SafeFetcher(resolve=Names()), f"https://{HOST}/")
    assert "cannot be resolved" in reason(SafeFetcher(resolve=Names("not an address")), f"https://{HOST}/")
    assert "cannot be resolved" in reason(SafeFetcher(), f"https://{'a' * 70}/"), "no label is that long"


def test_an_authority_that_neither_the_system_nor_we_name_is_not_trusted(server: KeyServer) -> None:
    trusting = SafeFetcher(allow=frozenset({server.authority}), resolve=Names("127.0.0.1"))
    assert reason(trusting, server.url) == f"fetching from {server.authority} failed: SSLCertVerificationError"
    assert reason(trusting, server.url) == f"fetching from {server.authority} failed: SSLCertVerificationError"


def test_another_port_is_refused_unless_it_is_allowed_with_its_host(server: KeyServer) -> None:
    names = Names("127.0.0.1")
    other = SafeFetcher(allow=frozenset({f"other.test:{server.port}", HOST}), ca_file=server.ca_file, resolve=names)
    assert "not on the HTTPS port" in reason(other, server.url)
    assert not names.asked


BAD_URLS = {
    "http": "http://keys.test/",
    "a file": "file:///etc/passwd",
    "no scheme": "//keys.test/",
    "no host": "https:///jwks",
    "no host but a port": "https://:443/",
    "a user": "https://user@keys.test/",
    "a user and password": "https://user:password@keys.test/",
    "an empty user": "https://@keys.test/",
    "a fragment": "https://keys.test/#a",
    "a space": "https://keys.test/a b",
    "a line break": "https://keys.test/a\r\nX: y",
    "a tab in the host": "https://keys\t.test/",
    "a backslash": "https://keys.test\\@other.test/",
    "a letter beyond ASCII": "https://kéys.test/",
    "a port beyond all ports": "https://keys.test:65536/",
    "a port that is none": "https://keys.test:a/",
    "a broken address": "https://[::1/",
    "too long": "https://keys.test/" + "a" * 2100,
    "nothing": "",
}


@pytest.mark.parametrize("url", BAD_URLS.values(), ids=BAD_URLS)
def test_only_a_plain_https_url_is_looked_at(url: str) -> None:
    names = Names("8.8.8.8")
    assert "the URL" in reason(SafeFetcher(resolve=names), url)
    assert not names.asked


def test_a_certificate_of_an_unknown_authority_is_refused(server: KeyServer) -> None:
    stranger = SafeFetcher(allow=frozenset({server.authority}), resolve=Names("127.0.0.1"))
    assert "SSLCertVerificationError" in reason(stranger, server.url)


def test_a_certificate_for_another_name_is_refused(server: KeyServer) -> None:
    url = f"https://other.test:{server.port}/"
    allow = frozenset({f"other.test:{server.port}"})
    other = SafeFetcher(allow=allow, ca_file=server.ca_file, resolve=Names("127.0.0.1"))
    assert "SSLCertVerificationError" in reason(other, url)


def test_what_is_not_http_is_refused(server: KeyServer) -> None:
    server.answer = b"SSH-2.0-OpenSSH\r\n"
    assert "failed" in reason(fetcher(server), server.url)


def test_a_reason_names_the_host_and_no_more(server: KeyServer) -> None:
    server.serve(b"", status="404 Not Found")
    assert "client=1" not in reason(fetcher(server), server.url)


class Client:
    """A client that publishes its keys at the server, and our memory of them, under a clock the test sets."""

    def __init__(self, server: KeyServer, **bounds: int) -> None:
        self.server = server
        self.now = 1000
        self.events: list[Event] = []
        self.remote = RemoteKeys(fetcher(server), lambda: self.now, self.events.append, **bounds)

    def publish(self, *kids: str) -> None:
        members = [public_jwk(private_key("ES256", kid), kid=kid) for kid in kids]
        self.server.serve(json.dumps({"keys": members}).encode())

    def kids(self, wanted: str | None) -> set[str]:
        return set(self.remote.keys(self.server.url, wanted).kids())

    @property
    def fetches(self) -> int:
        return len(self.server.requests)


@pytest.fixture
def client(server: KeyServer) -> Client:
    made = Client(server)
    made.publish("old")
    return made


def test_keys_are_fetched_once_for_many_uses(client: Client) -> None:
    assert [client.kids("old") for _ in range(5)] == [{"old"}] * 5
    assert client.fetches == 1
    client.now += 599
    assert client.kids(None) == {"old"}
    assert client.fetches == 1


def test_keys_are_looked_up_again_after_ten_minutes(client: Client) -> None:
    client.kids("old")
    client.publish("new")
    client.now += 600
    assert client.kids("old") == {"new"}


def test_keys_fetched_by_a_clock_that_was_ahead_are_looked_up_again_once_it_is_set_right(client: Client) -> None:
    client.now += 7 * 86_400
    client.kids("old")
    client.publish("new")
    client.now -= 7 * 86_400
    assert client.kids(None) == {"new"}


@pytest.mark.spec("OIDCC-10.1.1")
def test_an_unknown_kid_is_looked_for_at_most_once_a_minute(client: Client) -> None:
    client.kids("old")
    client.publish("old", "new")
    client.now += 59
    assert client.kids("new") == {"old"}
    assert client.fetches == 1
    client.now += 1
    assert client.kids("new") == {"old", "new"}
    assert client.fetches == 2
    for number in range(50):
        client.kids(f"made up {number}")
    assert client.fetches == 2


def test_a_failure_is_remembered_for_a_minute_and_told(client: Client) -> None:
    client.server.serve(b"", status="500 Error")
    assert [client.kids("old") for _ in range(5)] == [set()] * 5
    assert client.fetches == 1
    told = f"{client.server.authority} answered with status 500"
    assert client.events == [Event(JWKS_FETCH_FAILED, 1000, detail={"reason": told})]
    client.publish("old")
    client.now += 60
    assert client.kids("old") == {"old"}


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b'{"keys":1}', b'{"keys":[],"keys":[]}', b"\xff"])
def test_what_is_no_jwks_counts_as_a_failure(client: Client, body: bytes) -> None:
    client.kids("old")
    client.server.serve(body)
    client.now += 600
    assert client.kids("old") == {"old"}
    assert len(client.events) == 1


def test_the_last_good_keys_serve_for_a_day_and_no_longer(client: Client) -> None:
    client.kids("old")
    client.server.serve(b"", status="500 Error")
    client.now += 86_399
    assert client.kids("old") == {"old"}
    client.now += 1
    assert client.kids("old") == set()
    client.publish("new")
    client.now += 60
    assert client.kids("new") == {"new"}


def test_the_memory_of_urls_is_bounded(server: KeyServer) -> None:
    client = Client(server, most_urls=3)
    first = server.url
    client.publish("old")
    client.remote.keys(first, None)
    for number in range(2):
        client.remote.keys(f"http://refused.test/{number}", None)
    client.remote.keys(first, None)
    assert client.fetches == 1, "three are remembered"
    for number in range(3):
        client.remote.keys(f"http://refused.test/{number}", None)
    client.remote.keys(first, None)
    assert client.fetches == 2, "and of four the one used longest ago is not"
