"""Fetching from an address that a client chose, without becoming its arm into our network.

Written on the standard library's HTTP client, which follows no redirect, knows no proxy, decompresses nothing and takes
a socket that is already open: what is connected is the very address that was judged.

Spec: RFC9700-4.11, RFC7591-5
"""

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Timer
from time import monotonic
from urllib.parse import urlsplit

Resolver = Callable[[str, int], Sequence[str]]

_HTTPS_PORT = 443
_OK = 200
_MAX_BODY = 256 * 1024
_TOTAL_SECONDS = 5.0
_RESOLVER_THREADS = 4
_URL = re.compile(r"https://[!-\[\]^-~]{1,2040}", re.IGNORECASE)
_JSON = re.compile(r"application/([a-z0-9.-]+\+)?json\s*(;.*)?", re.IGNORECASE)
# Addresses that carry an IPv4 address inside, perhaps one of ours, and count as global to some: mapped, NAT64, 6to4.
_TUNNELS = tuple(map(ip_network, ("::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))


class FetchRefused(Exception):
    """Nothing was fetched; the text is a reason for the operator and names no more of the URL than its host."""


@dataclass(frozen=True, slots=True)
class _Target:
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Return every address the system's resolver knows for a host."""
    return [str(answer[4][0]) for answer in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class SafeFetcher:
    """Fetches one small JSON document over HTTPS from a public address.

    `allow` lists the "host:port" pairs that may also lie on a private address or another port. `ca_file` holds further
    certificate authorities to trust. The whole fetch, name resolution to last byte, ends within five seconds.
    """

    def __init__(
        self,
        *,
        allow: frozenset[str] = frozenset(),
        ca_file: str | None = None,
        resolve: Resolver = resolve_by_system,
        total_seconds: float = _TOTAL_SECONDS,
    ) -> None:
        self._allow = frozenset(entry.lower() for entry in allow)
        self._resolve = resolve
        self._total_seconds = total_seconds
        # A name lookup cannot be interrupted, only abandoned: it gets a thread, so that the caller gets its time back.
        self._lookups = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")
        self._ca_file = ca_file
        self._tls = None if ca_file is None else self._trust()

    def fetch(self, url: str) -> bytes:
        """Return the body of a 200 answer, or raise FetchRefused."""
        deadline = monotonic() + self._total_seconds
        target = _parse_url(url)
        allowed = target.authority in self._allow
        if target.port != _HTTPS_PORT and not allowed:
            raise FetchRefused(f"{target.authority} is not on the HTTPS port")
        address = self._choose_address(target, allowed=allowed)
        try:
            with _connected(address, target.port, deadline) as connection:
                return _get(self._secure(connection, target.host), target)
        except (OSError, HTTPException, ValueError) as error:
            reason = "took too long" if monotonic() >= deadline else f"failed: {type(error).__name__}"
            raise FetchRefused(f"fetching from {target.authority} {reason}") from error

    def _trust(self) -> ssl.SSLContext:
        """Read the authorities to trust: the system's take 20 ms and 2 MB, which who fetches nothing is spared."""
        tls = ssl.create_default_context()
        if self._ca_file is not None:
            tls.load_verify_locations(self._ca_file)
        return tls

    def _secure(self, connection: socket.socket, host: str) -> ssl.SSLSocket:
        # A cut or truncated answer must be an error, not a short body: so ragged ends are not smoothed over.
        if self._tls is None:
            self._tls = self._trust()
        return self._tls.wrap_socket(connection, server_hostname=host, suppress_ragged_eofs=False)

    def _choose_address(self, target: _Target, *, allowed: bool) -> str:
        """Return the address to connect to; one private answer among many refuses them all."""
        try:
            lookup = self._lookups.submit(self._resolve, target.host, target.port)
            addresses = [ip_address(answer) for answer in lookup.result(self._total_seconds)]
        except (OSError, ValueError, TimeoutError) as error:
            raise FetchRefused(f"{target.host} cannot be resolved") from error
        if not addresses:
            raise FetchRefused(f"{target.host} has no address")
        if not allowed and not all(_is_public(address) for address in addresses):
            raise FetchRefused(f"{target.host} is not on the public network")
        return str(addresses[0])


def _parse_url(url: str) -> _Target:
    if not _URL.fullmatch(url):
        raise FetchRefused("the URL is not a plain https URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchRefused("the URL cannot be read") from error
    if not host or "@" in parts.netloc or parts.fragment:
        raise FetchRefused("the URL has no host, or holds credentials or a fragment")
    query = f"?{parts.query}" if parts.query else ""
    return _Target(host, _HTTPS_PORT if port is None else port, (parts.path or "/") + query)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    in_tunnel = any(address in tunnel for tunnel in _TUNNELS)
    return address.is_global and not address.is_multicast and not in_tunnel


@contextmanager
def _connected(address: str, port: int, deadline: float) -> Iterator[socket.socket]:
    """Connect, and cut the connection at the deadline whatever it is doing.

    A timeout on the socket alone starts anew with every byte that drips in.
    """
    with (
        socket.create_connection((address, port), timeout=_remaining(deadline)) as connection,
        connection.dup() as handle,
    ):
        watchdog = Timer(_remaining(deadline), _cut, [handle])
        watchdog.daemon = True
        watchdog.start()
        try:
            yield connection
        finally:
            watchdog.cancel()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may have ended by itself in the same moment
        connection.shutdown(socket.SHUT_RDWR)


def _remaining(deadline: float) -> float:
    remaining = deadline - monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining


def _get(connection: ssl.SSLSocket, target: _Target) -> bytes:
    with connection:
        client = HTTPConnection(target.host, target.port)
        client.sock = connection
        authority = target.authority.removesuffix(f":{_HTTPS_PORT}")
        headers = {
            "Host": authority,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        client.request("GET", target.path, headers=headers)
        with client.getresponse() as response:
            return _read_body(response, target)


def _read_body(response: HTTPResponse, target: _Target) -> bytes:
    if response.status != _OK:
        raise FetchRefused(f"{target.authority} answered with status {response.status}")
    if not _JSON.fullmatch(response.headers.get("Content-Type", "")):
        raise FetchRefused(f"{target.authority} answered with something other than JSON")
    body = response.read(_MAX_BODY + 1)
    if len(body) > _MAX_BODY:
        raise FetchRefused(f"{target.authority} answered with too much")
    return body
