"""Proof that a form was sent from a page of ours, in the browser to which it was shown.

The token is bound to a cookie that scripts cannot read and to the form's purpose, so nothing has to be stored; the
browser's own word on where the request came from is asked as well.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from authserver.protocol.errors import InvalidRequest
from authserver.values import Value

FIELD = "csrf_token"
SENDER_HEADERS = ("sec-fetch-site", "origin")
"""What a browser itself says of the page that sent a request."""

_SAME_SITE_WORDS = frozenset({"same-origin", "none"})


def csrf_token(key: bytes, cookie: str, purpose: str) -> str:
    """Return the token of one form: a MAC over the cookie's value and the form's purpose."""
    framed = f"{len(cookie)}:{cookie}:{purpose}".encode()
    return urlsafe_b64encode(hmac.digest(key, framed, sha256)).rstrip(b"=").decode("ascii")


def is_own_token(token: str, key: bytes, cookie: str, purpose: str) -> bool:
    """Say whether a token belongs to this cookie and purpose; an absent cookie proves nothing."""
    expected = csrf_token(key, cookie, purpose)
    return bool(cookie) and hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode("ascii"))


def came_from_elsewhere(headers: Mapping[str, str], origins: frozenset[str]) -> bool:
    """Say whether the browser itself reports another site as the sender; header names are in lower case.

    Pages with `Referrer-Policy: no-referrer` send `Origin: null` for their own forms, so that value decides nothing.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in _SAME_SITE_WORDS:
        return True
    origin = headers.get("origin")
    return origin is not None and origin != "null" and origin not in origins


class CsrfProtection(Value, frozen=True):
    """Issues and checks the tokens of our forms; `origins` are those under which our pages are reached."""

    key: bytes
    origins: frozenset[str]

    def token(self, cookie: str, purpose: str) -> str:
        """Return the token to put into a form."""
        return csrf_token(self.key, cookie, purpose)

    def check(self, token: str, cookie: str, purpose: str, headers: Mapping[str, str]) -> None:
        """Raise InvalidRequest unless the form came from our page in this browser.

        Spec: RFC6749-10.12, RFC9700-4.7
        """
        if came_from_elsewhere(headers, self.origins):
            raise _refusal("the browser reports another origin as the sender of the form")
        if not is_own_token(token, self.key, cookie, purpose):
            raise _refusal("the form's token is missing or belongs to another cookie or purpose")

    def __repr__(self) -> str:
        return f"CsrfProtection(origins={sorted(self.origins)})"


def _refusal(reason: str) -> InvalidRequest:
    return InvalidRequest("This form was not sent from our page.", reason=reason, clause="RFC6749-10.12")
