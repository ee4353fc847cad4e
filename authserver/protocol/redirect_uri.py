"""Redirect URIs: what may be registered, and the exact match against it."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([0-9]{1,5}))?((?:[/?].*)?)")
_LAST_PORT = 65_535
_PRIVATE_USE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")


def matches_registered(redirect_uri: str, registered: Iterable[str]) -> bool:
    """Return whether the URI is, character by character, one of the registered ones, but for a loopback address's port.

    A native app listens on whatever port is free at that moment.

    Spec: RFC9700-2.1, OIDCC-3.1.2.1, RFC6749-3.1.2.3, RFC9700-4.1.3, FAPI2-SP-FINAL-5.3.2.1-7, RFC6749-10.15,
    RFC8252-7.3
    """
    known = tuple(registered)
    if redirect_uri in known:
        return True
    asked = _without_port(redirect_uri)
    return asked is not None and any(_without_port(each) == asked for each in known)


def _without_port(uri: str) -> tuple[str, str] | None:
    """Return the parts of a loopback URI around its port, or None where it is no such URI."""
    match = _LOOPBACK.fullmatch(uri)
    if match is None or not 0 < int(match[2] or "80") <= _LAST_PORT:
        return None
    return match[1], match[3]


def find_registration_fault(redirect_uri: object, *, plain_http_to_loopback: bool) -> str | None:
    """Return why a redirect URI cannot be registered, or None where it can.

    Allowed are https URLs, private-use schemes of reverse domain names, and where the profile says so http to a
    loopback address.

    Spec: RFC6749-3.1.2, FAPI2-SP-FINAL-5.3.2.2-8, RFC8252-7.1, RFC8252-7.3, RFC8252-8.3, RFC9700-2.6-4
    """
    if not isinstance(redirect_uri, str) or not _PRINTABLE.fullmatch(redirect_uri):
        return "is no URI"
    if any(character in redirect_uri for character in '"<>\\^`{|}'):
        return "holds a character that no URI may"
    if "#" in redirect_uri:
        return "has a fragment"
    try:
        parts = urlsplit(redirect_uri)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "is no URI"
    if parts.username is not None or parts.password is not None:
        return "holds a user name"
    return _scheme_fault(parts.scheme, host, plain_http_to_loopback=plain_http_to_loopback)


def _scheme_fault(scheme: str, host: str | None, *, plain_http_to_loopback: bool) -> str | None:
    if scheme == "https":
        return None if host else "has no host"
    if scheme == "http":
        if not plain_http_to_loopback:
            return "must use https"
        if host == "localhost":
            return "must name the loopback address itself, http://127.0.0.1 or http://[::1], in place of localhost"
        return None if _is_loopback(host) else "must use https, but for a loopback address"
    return None if _PRIVATE_USE_SCHEME.fullmatch(scheme) else "has a scheme that is not allowed"


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
