"""The two cookies: one names the signed-in session, one the browser in which a sign-in began.

Spec: RFC6265-4.1
"""

import re

SESSION_COOKIE = "__Host-session"
BROWSER_COOKIE = "__Host-browser"

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_VALUE = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LONGEST_HEADER = 16 * 1024


def set_cookie(name: str, value: str) -> tuple[str, str]:
    """Return the header that sets a cookie until the browser closes; the server holds the real limits.

    Raises ValueError for a value that is not plain URL-safe text.
    """
    if not _VALUE.fullmatch(value):
        raise ValueError("a cookie value is 1 to 256 letters, digits, hyphens and underscores")
    return "Set-Cookie", f"{name}={value}; {_ATTRIBUTES}"


def clear_cookie(name: str) -> tuple[str, str]:
    """Return the header that removes a cookie."""
    return "Set-Cookie", f"{name}=; {_ATTRIBUTES}; Max-Age=0"


def read_cookie(header: str, name: str) -> str:
    """Return the cookie's value from a Cookie header, or nothing where it is absent, malformed or sent twice.

    A `__Host-` cookie cannot be set twice by an honest browser: two of them are a sign of tampering.
    """
    if len(header) > _LONGEST_HEADER:
        return ""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    values = [value for found, _, value in pairs if found == name]
    return values[0] if len(values) == 1 and _VALUE.fullmatch(values[0]) else ""
