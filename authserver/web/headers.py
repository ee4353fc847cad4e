"""Security headers: a few on every answer, a strict set on every page.

Spec: FAPI2-SP-FINAL-5.2.3-1, RFC9700-4.2.4
"""

import secrets
from collections.abc import Iterable

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


def new_nonce() -> str:
    """Return a fresh nonce for one response's content policy."""
    return secrets.token_urlsafe(16)


def page_headers(nonce: str, *, forms_stay: bool = True, framed: Iterable[str] = ()) -> Headers:
    """Return the headers of one page; see `content_policy` for `forms_stay` and `framed`.

    Spec: RFC9700-4.16, RFC6749-10.13
    """
    return (("Content-Security-Policy", content_policy(nonce, forms_stay=forms_stay, framed=framed)), *_PAGE_HEADERS)


def content_policy(nonce: str, *, forms_stay: bool = True, framed: Iterable[str] = ()) -> str:
    """Return a policy under which a page loads nothing but our stylesheet, our images and the script with the nonce.

    And pages of the origins `framed`, in frames; where there are none it has no frames.

    `forms_stay` is for pages whose forms never lead to an app: there form-action keeps them here. Chromium and Safari
    hold every redirect that follows a POST against form-action, those of the app's own site included. Where an app
    sends the person on from its redirect URI is nobody's to know but the app's, so naming the redirect URI does not do:
    the person stays on our page, unmoved, with the code spent. The way round it, a page of ours that leads on by
    itself, costs native apps their claimed links, which open after a person's own act alone.
    """
    frames = "".join(f" {origin}" for origin in sorted(framed))
    return (
        (
            "default-src 'none'; "
            "style-src 'self'; "
            "img-src 'self'; "
            f"script-src 'nonce-{nonce}'; "
            "connect-src 'self'; "
            "base-uri 'none'; "
            "frame-ancestors 'none'"
        )
        + ("; form-action 'self'" if forms_stay else "")
        + (f"; frame-src{frames}" if frames else "")
    )
