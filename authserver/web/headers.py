"""Security headers: a few on every answer, a strict set on every page."""

import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

Headers = tuple[tuple[str, str], ...]

COMMON_HEADERS: Headers = (
    ("X-Content-Type-Options", "nosniff"),
    ("Strict-Transport-Security", "max-age=63072000"),
    ("Referrer-Policy", "no-referrer"),
)
"""On every answer, to machines and people alike.

No content policy among them: a page rendered by a machine endpoint brings its own, and two would be intersected.
"""

_FEATURES = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)

_PAGE_HEADERS: Headers = (
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in _FEATURES)),
)

_SOURCE_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/%+[]")


def new_nonce() -> str:
    """Return a fresh nonce for one response's content policy."""
    return secrets.token_urlsafe(16)


def page_headers(nonce: str, form_targets: Iterable[str] = ()) -> Headers:
    """Return the headers of one page.

    `form_targets` are the redirect URIs to which a form of this page may lead: browsers hold the redirects that follow
    a POST against form-action too.

    Spec: RFC9700-4.16, RFC6749-10.13
    """
    return (("Content-Security-Policy", content_policy(nonce, form_targets)), *_PAGE_HEADERS)


def content_policy(nonce: str, form_targets: Iterable[str] = ()) -> str:
    """Return a policy under which a page loads nothing but our stylesheet, our images and the script with the nonce."""
    forms = " ".join(dict.fromkeys(("'self'", *filter(None, map(form_action_source, form_targets)))))
    return (
        "default-src 'none'; "
        "style-src 'self'; "
        "img-src 'self'; "
        f"script-src 'nonce-{nonce}'; "
        "base-uri 'none'; "
        "frame-ancestors 'none'; "
        f"form-action {forms}"
    )


def form_action_source(uri: str) -> str:
    """Return what a form-action directive must hold to permit a URI: its origin, or its scheme where it has none.

    Answers nothing for what cannot be written into a policy, so that no URI can add a directive. A policy cannot name
    an IPv6 address either: there the scheme stands alone.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    if not parts.scheme or not _SOURCE_CHARACTERS.issuperset(parts.netloc):
        return ""
    if parts.scheme not in {"http", "https"} or "[" in parts.netloc:
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc}"
