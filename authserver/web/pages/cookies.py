"""The cookies: one names the signed-in session, one the browser in which a sign-in began, one a known device.

Spec: RFC6265-4.1
"""

import re

from authserver.protocol.errors import UnreadableCookies

SESSION_COOKIE = "__Host-session"
BROWSER_COOKIE = "__Host-browser"
DEVICE_COOKIE = "__Host-device"

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LONGEST_HEADER = 16 * 1024
_DEVICE_SECONDS = 180 * 24 * 3600


def set_cookie(name: str, value: str, *, lifetime_seconds: int | None = None) -> tuple[str, str]:
    """Return the header that sets a cookie, until the browser closes or for a time; the server holds the real limits.

    Raises ValueError for a value that is not plain URL-safe text.
    """
    if not _VALUE.fullmatch(value):
        raise ValueError("a cookie value is 1 to 256 letters, digits, hyphens and underscores")
    lasting = "" if lifetime_seconds is None else f"; Max-Age={lifetime_seconds}"
    return "Set-Cookie", f"{name}={value}; {_ATTRIBUTES}{lasting}"


def device_cookie_header(value: str) -> tuple[str, str]:
    """Return the header that keeps the cookie of a known device while the device is used."""
    return set_cookie(DEVICE_COOKIE, value, lifetime_seconds=_DEVICE_SECONDS)


def clear_cookie(name: str) -> tuple[str, str]:
    """Return the header that removes a cookie."""
    return "Set-Cookie", f"{name}=; {_ATTRIBUTES}; Max-Age=0"


def check_cookies(header: str | None) -> None:
    """Raise UnreadableCookies where a browser sent cookies and none of them can be read.

    Any application of the parent domain can set a cookie with an octet beyond ASCII, for which granian hands the whole
    header on as empty, or so many that nothing reads them all. To go on would sign the person out without a word.

    Spec: RFC6265-4.2.1
    """
    if header is not None and (len(header) > _LONGEST_HEADER or not header.strip(" \t;,")):
        raise UnreadableCookies(
            "The cookies that the browser sent cannot be read.",
            reason="the Cookie header is empty, as by an octet beyond ASCII in another site's cookie, or too long",
            clause="RFC6265-4.2.1",
        )


def read_cookie(header: str, name: str) -> str:
    """Return the cookie's value from a Cookie header, or nothing where it is absent, malformed or sent twice.

    A `__Host-` cookie cannot be set twice by an honest browser: two of them are a sign of tampering.
    """
    if len(header) > _LONGEST_HEADER:
        return ""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    values = [value for found, _, value in pairs if found == name]
    return values[0] if len(values) == 1 and _VALUE.fullmatch(values[0]) else ""
