"""Fetching from an address that a client chose, or posting to it, without becoming its arm into our network.

Written on the standard library's HTTP client, which follows no redirect, knows no proxy, decompresses nothing and takes
a socket that is already open: what is connected is one of the very addresses that were judged.

Spec: RFC9700-4.11, RFC7591-5
"""

import re
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from threading import Lock, Timer
from time import monotonic
from urllib.parse import urlsplit

from authserver.outbound.public_addresses import is_public
from authserver.values import Value

Resolver = Callable[[str, int], Sequence[str]]

_HTTPS_PORT = 443
_OK = 200
_DONE = frozenset({_OK, 204})
_WORTHLESS_BODY = 16 * 1024
_MAX_BODY = 256 * 1024
_TOTAL_SECONDS = 5.0
_RESOLVER_THREADS = 64
_MOST_ADDRESSES = 8
_URL = re.compile(r"https://[!-\[\]^-~]{1,2040}", re.IGNORECASE)
_JSON = re.compile(r"application/([a-z0-9.-]+\+)?json\s*(;.*)?", re.IGNORECASE)


class FetchRefused(Exception):
    """Nothing was fetched, or what was posted was not taken.

    The text is a reason for the operator and names no more of the URL than its host.
    """


class _Target(Value, frozen=True):
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
    """Fetches one small JSON document over HTTPS from a public address, or posts a form to one.

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
        self._trusting = Lock()
        self._tls = None if ca_file is None else self._trust()

    def fetch(self, url: str) -> bytes:
        """Return the body of a 200 answer, or raise FetchRefused."""
        return self._ask(url, _get)

    def post_form(self, url: str, form: bytes) -> None:
        """Post an encoded form; raises FetchRefused unless it is answered with 200 or 204.

        Spec: OIDCBCL-2.5, OIDCBCL-2.8
        """
        self._ask(url, lambda connection, target: _post(connection, target, form))

    def _ask(self, url: str, ask: Callable[[ssl.SSLSocket, _Target], bytes]) -> bytes:
        deadline = monotonic() + self._total_seconds
        target = _parse_url(url)
        allowed = target.authority in self._allow
        if target.port != _HTTPS_PORT and not allowed:
            raise FetchRefused(f"{target.authority} is not on the HTTPS port")
        addresses = self._addresses(target, deadline, allowed=allowed)
        try:
            with self._connect(addresses, target, deadline) as connection, _cut_at(deadline, connection):
                return ask(connection, target)
        except (OSError, HTTPException, ValueError) as error:
            reason = "took too long" if monotonic() >= deadline else f"failed: {type(error).__name__}"
            raise FetchRefused(f"fetching from {target.authority} {reason}") from error

    def _trust(self) -> ssl.SSLContext:
        """Read the authorities to trust: the system's take 20 ms and 2 MB, which who fetches nothing is spared."""
        tls = ssl.create_default_context()
        if self._ca_file is not None:
            tls.load_verify_locations(self._ca_file)
        return tls

    def _connect(self, addresses: Sequence[str], target: _Target, deadline: float) -> ssl.SSLSocket:
        """Connect to the first address that takes the connection and shows a certificate of the host.

        Each has its share of the time that is left, so that a silent one leaves some for those after it.
        """
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                return self._handshake(address, target, monotonic() + _remaining(deadline) / left)
            except OSError:
                if left == 1:
                    raise
        raise OSError("there was no address to try")

    def _handshake(self, address: str, target: _Target, deadline: float) -> ssl.SSLSocket:
        with self._trusting:
            tls = self._tls = self._tls or self._trust()
        with (
            socket.create_connection((address, target.port), timeout=_remaining(deadline)) as connection,
            connection.dup() as handle,  # TLS takes the other over, and with it what could be cut
            _cut_at(deadline, handle),
        ):
            # A cut or truncated answer must be an error, not a short body: so ragged ends are not smoothed over.
            return tls.wrap_socket(connection, server_hostname=target.host, suppress_ragged_eofs=False)

    def _addresses(self, target: _Target, deadline: float, *, allowed: bool) -> list[str]:
        """Return the addresses to try, in the resolver's order; one private answer among many refuses them all."""
        lookup = self._lookups.submit(self._resolve, target.host, target.port)
        try:
            addresses = [ip_address(answer) for answer in lookup.result(_remaining(deadline))]
        except (OSError, ValueError, TimeoutError) as error:
            lookup.cancel()  # one that waits for its turn still; one that is under way can only be abandoned
            raise FetchRefused(f"{target.host} cannot be resolved") from error
        if not addresses:
            raise FetchRefused(f"{target.host} has no address")
        if not allowed and not all(is_public(address) for address in addresses):
            raise FetchRefused(f"{target.host} is not on the public network")
        return [str(address) for address in addresses[:_MOST_ADDRESSES]]


def find_permission(url: str, allow: Collection[str]) -> str | None:
    """Return the entry of `allow` by which a URL is fetched wherever its host lies; None where it must be public.

    Raises FetchRefused for a URL that without such an entry is never fetched, whatever its host's name stands for.
    """
    target = _parse_url(url)
    if target.authority in {entry.lower() for entry in allow}:
        return target.authority
    if target.port != _HTTPS_PORT:
        raise FetchRefused(f"{target.authority} is not on the HTTPS port")
    if not _may_be_public(target.host):
        raise FetchRefused(f"{target.host} is not on the public network")
    return None


def _may_be_public(host: str) -> bool:
    try:
        return is_public(ip_address(host))
    except ValueError:
        return not (host == "localhost" or host.endswith(".localhost"))


def check_url(url: str) -> None:
    """Raise FetchRefused where a URL is of no form that is ever fetched, whatever its host."""
    _parse_url(url)


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


@contextmanager
def _cut_at(deadline: float, connection: socket.socket) -> Iterator[None]:
    """Cut the connection at the deadline whatever it is doing.

    A timeout on the socket alone starts anew with every byte that drips in.
    """
    watchdog = Timer(_remaining(deadline), _cut, [connection])
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may have ended by itself in the same moment
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS would say goodbye first, to a peer that may not read


def _remaining(deadline: float) -> float:
    remaining = deadline - monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining


def _get(connection: ssl.SSLSocket, target: _Target) -> bytes:
    client = _client(connection, target)
    client.request("GET", target.path, headers=_headers(target, {"Accept": "application/json"}))
    with client.getresponse() as response:
        return _read_body(response, target)


def _post(connection: ssl.SSLSocket, target: _Target, form: bytes) -> bytes:
    client = _client(connection, target)
    own = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form))}
    client.request("POST", target.path, body=form, headers=_headers(target, own))
    with client.getresponse() as response:
        if response.status not in _DONE:
            raise FetchRefused(f"{target.authority} answered with status {response.status}")
        return response.read(_WORTHLESS_BODY)  # so that whoever answers is not cut off in the middle of it


def _client(connection: ssl.SSLSocket, target: _Target) -> HTTPConnection:
    client = HTTPConnection(target.host, target.port)
    client.sock = connection
    return client


def _headers(target: _Target, own: Mapping[str, str]) -> dict[str, str]:
    authority = target.authority.removesuffix(f":{_HTTPS_PORT}")
    return {"Host": authority, "Accept-Encoding": "identity", "Connection": "close", **own}


def _read_body(response: HTTPResponse, target: _Target) -> bytes:
    if response.status != _OK:
        raise FetchRefused(f"{target.authority} answered with status {response.status}")
    if not _JSON.fullmatch(response.headers.get("Content-Type", "")):
        raise FetchRefused(f"{target.authority} answered with something other than JSON")
    body = response.read(_MAX_BODY + 1)
    if len(body) > _MAX_BODY:
        raise FetchRefused(f"{target.authority} answered with too much")
    return body
