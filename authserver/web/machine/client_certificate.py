"""Which client certificate came with a request, and from which address: what may be believed of what was received.

A certificate comes from our own TLS listener, or from a header that a proxy wrote which the operator named. Nothing
else counts: not a header from anyone else, not a header of another proxy's habit, and no `SSL_CLIENT_*` variable,
because a server that copies its process environment into each request would let that environment speak for a client.

WSGI writes a dash and an underscore in a header's name alike, and some servers lay `Client_Cert`, by the client, over
`Client-Cert`, by the proxy. A name of letters and digits alone has no second spelling: the operator may name one, and
where only proxy and server know it, nobody else who reaches the server can write it either.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from authserver.values import Hidden, Value, field
from authserver.web.machine.certificate_headers import (
    CERTIFICATE_HEADERS,
    FORMATS,
    LARGEST_CERTIFICATE,
    read_certificate_header,
)
from authserver.web.machine.trusted_networks import check_trusted

UNIX_SOCKET = "unix"
UNTRUSTED_PEER = "untrusted_peer"
UNEXPECTED_FORMAT = "unexpected_format"
MALFORMED = "malformed"
OVERSIZED = "oversized"
_FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"
_MOST_HOPS = 32
_CADDY_PLACEHOLDER = "{http.request.tls.client.certificate_der_base64}"
_NO_CERTIFICATE = frozenset({"", "::", "(null)", _CADDY_PLACEHOLDER, f":{_CADDY_PLACEHOLDER}:"})
"""How proxies say that none was shown: HAProxy by nothing, Apache httpd in words, Caddy by an empty byte sequence,
and before that, in 2.6, by the name of its placeholder."""

_ONE_SPELLING = re.compile(r"[A-Za-z][A-Za-z0-9]{0,99}")
_MOST_JUDGED = 1024

Dropped = Callable[[str], None]
"""Takes the reason each time a certificate is not believed: one of the four constants above."""


def _uncounted(_reason: str) -> None:
    """Count nothing."""


class CertificatePolicy(Value, frozen=True, eq=False):
    """Whom to believe about a client's certificate and address; the default believes no one but our own listener.

    `trusted_proxies` are the networks proxies speak from, `trusts_unix_socket` says that whoever reaches the Unix
    socket is a proxy, and `header_format` names the one header that they write: a key of `FORMATS`, or None.
    `certificate_name` and `address_name` are WSGI names of the headers, where they are not the usual ones.
    """

    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    trusts_unix_socket: bool = False
    header_format: str | None = None
    certificate_name: str = ""
    address_name: str = _FORWARDED_FOR
    _judged: Hidden[dict[str, bool]] = field(default_factory=dict)

    def trusts(self, peer: str) -> bool:
        """Tell whether the immediate peer is a proxy that the operator named; a Unix socket's peer has no address.

        Remembered by address: proxies are few, and asked about twice in each request.
        """
        if not peer:
            return self.trusts_unix_socket
        verdict = self._judged.get(peer)
        if verdict is None:
            address = _address(peer)
            verdict = address is not None and any(address in network for network in self.trusted_proxies)
            if len(self._judged) < _MOST_JUDGED:
                self._judged[peer] = verdict
        return verdict

    def certificate_names(self) -> tuple[str, ...]:
        """Return the WSGI names of the headers that may hold a certificate, the one to prefer first."""
        if self.certificate_name or self.header_format is None:
            return (self.certificate_name,) if self.certificate_name else ()
        return FORMATS[self.header_format].names


def parse_policy(
    trusted_proxies: Iterable[str],
    header_format: str | None,
    *,
    certificate_header: str = "",
    address_header: str = "",
) -> CertificatePolicy:
    """Build the policy from the settings; raises ValueError with what is wrong.

    An entry is a network, an address, or `unix` for the peers of a Unix socket. Entries that hold every address, or
    much of the internet together, are refused: with them, anyone could write the header of any client. The two
    headers replace the usual ones, and have names of letters and digits alone.
    """
    if header_format is not None and header_format not in FORMATS:
        raise ValueError(f"no such header format: {header_format}; one of {', '.join(FORMATS)}")
    entries = [entry.strip() for entry in trusted_proxies if entry.strip()]
    networks = tuple(ip_network(entry) for entry in entries if entry != UNIX_SOCKET)
    check_trusted(networks)
    return CertificatePolicy(
        networks,
        UNIX_SOCKET in entries,
        header_format,
        _wsgi_name(certificate_header),
        _wsgi_name(address_header) or _FORWARDED_FOR,
    )


def has_one_spelling(header: str) -> bool:
    """Tell whether a header's name is letters and digits alone, so that WSGI has no other header of the same name."""
    return _ONE_SPELLING.fullmatch(header) is not None


def _wsgi_name(header: str) -> str:
    if header and not has_one_spelling(header):
        raise ValueError(f"{header} is no name of letters and digits alone: only such a one has a single spelling")
    return f"HTTP_{header.upper()}" if header else ""


def certificate_from_environ(
    environ: Mapping[str, object], policy: CertificatePolicy, dropped: Dropped = _uncounted
) -> bytes | None:
    """Answer the client's certificate in DER, or None; it is not verified against any authority here.

    A malformed header from a trusted proxy is no certificate, never an error: the endpoint then refuses as it would
    without one. Where a trusted proxy speaks TLS to our own listener, the certificate of that connection is the
    proxy's, so only its header names the client.

    Spec: RFC9440-2, RFC9440-4, RFC8705-2, RFC8705-6.5, RFC9700-4.13, RFC9700-2.6-3
    """
    trusted = policy.trusts(str(environ.get("REMOTE_ADDR", "")))
    believed = policy.header_format if trusted else None
    names = policy.certificate_names() if believed else ()
    for name in CERTIFICATE_HEADERS:
        if name not in names and environ.get(name):
            dropped(UNEXPECTED_FORMAT if trusted else UNTRUSTED_PEER)
    if believed is None:
        return _from_own_listener(environ, dropped)
    text = next((str(environ[name]) for name in names if environ.get(name)), "")
    return _from_header(text, believed, dropped)


def client_address(environ: Mapping[str, object], policy: CertificatePolicy) -> str:
    """Answer the client's address: the peer's, or behind trusted proxies the right-most one that is not a proxy.

    Everything left of that was written by the client itself. An entry that is no address ends the walk.
    """
    current = str(environ.get("REMOTE_ADDR", ""))
    hops = str(environ.get(policy.address_name, "")).split(",")[-_MOST_HOPS:]
    while hops and policy.trusts(current):
        address = _address(_without_port(hops.pop().strip()))
        if address is None:
            break
        current = str(address)
    return current


def _from_own_listener(environ: Mapping[str, object], dropped: Dropped) -> bytes | None:
    """Ask the TLS connection itself; the key is gunicorn's, and a request cannot set it."""
    getpeercert = getattr(environ.get("gunicorn.socket"), "getpeercert", None)
    der = getpeercert(True) if getpeercert else None
    if not isinstance(der, bytes):
        return None
    if len(der) > LARGEST_CERTIFICATE:
        dropped(OVERSIZED)
        return None
    return der


def _from_header(text: str, header_format: str, dropped: Dropped) -> bytes | None:
    """Read a header's text, unless it is one by which a proxy says that there was no certificate."""
    if text.strip() in _NO_CERTIFICATE:
        return None
    der = read_certificate_header(header_format, text)
    if der is None:
        dropped(MALFORMED)
    return der


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address; an IPv4 address mapped into IPv6 becomes itself again, so that IPv4 networks match it.

    Cached: a proxy's address is parsed on each request, twice where it names the client.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _without_port(hop: str) -> str:
    """Take the port off `192.0.2.1:5000` and `[2001:db8::1]:5000`."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
