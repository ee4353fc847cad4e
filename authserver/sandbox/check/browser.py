"""A browser without a window: keeps cookies, follows redirects within one site, and fills in forms by their names."""

import http.cookiejar
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from authserver.sandbox.third_party.http import Answer, HttpsClient

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10


@dataclass(frozen=True, slots=True)
class Button:
    """One button of a form, and what pressing it adds."""

    element_id: str
    name: str
    value: str


@dataclass(slots=True)
class Form:
    """One form: where it goes, what its fields hold, and its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser shows; `left_for` is a URL of another site to which it was sent instead."""

    url: str
    status: int
    text: str = field(default="", repr=False)
    left_for: str = ""

    @property
    def path(self) -> str:
        """Return the page's path."""
        return urlsplit(self.url).path

    @property
    def forms(self) -> list[Form]:
        """Return the page's forms."""
        reader = _FormReader()
        reader.feed(self.text)
        return reader.forms


class Browser:
    """One person's browser, at one site: what leads to another is shown and not followed."""

    def __init__(self, https: HttpsClient, site: str) -> None:
        self._https = https
        self._site = site
        self._jar = http.cookiejar.CookieJar()

    def open(self, url: str) -> Page:
        """Go to a URL."""
        return self._follow("GET", url, None)

    def press(self, page: Page, button_id: str, typed: Mapping[str, str] | None = None) -> Page:
        """Fill in the form that has a button of that id, and press it; raises LookupError where the page has none."""
        for form in page.forms:
            button = next((button for button in form.buttons if button.element_id == button_id), None)
            if button is not None:
                unknown = set(typed or {}) - set(form.fields)
                if unknown:
                    raise LookupError(f"the form at {page.path} has no field {min(unknown)}")
                pressed = {button.name: button.value} if button.name else {}
                return self._follow("POST", urljoin(page.url, form.action), {**form.fields, **(typed or {}), **pressed})
        raise LookupError(f"there is no button {button_id} at {page.path}")

    def _follow(self, method: str, url: str, form: Mapping[str, str] | None) -> Page:
        for _ in range(_MOST_REDIRECTS):
            answer = self._send(method, url, form)
            location = answer.headers.get("location") if answer.status in _REDIRECTS else None
            if location is None:
                return Page(url, answer.status, answer.text)
            target = urljoin(url, location)
            if not target.startswith(f"{self._site}/"):
                return Page(url, answer.status, left_for=target)
            method, url, form = "GET", target, None
        raise LookupError(f"the redirects from {urlsplit(url).path} do not end")

    def _send(self, method: str, url: str, form: Mapping[str, str] | None) -> Answer:
        request = urllib.request.Request(url)  # noqa: S310 - only a carrier of cookies, never opened
        self._jar.add_cookie_header(request)
        cookies = request.get_header("Cookie")
        answer = self._https.send(method, url, headers={"Cookie": cookies} if cookies else {}, form=form)
        self._jar.extract_cookies(_Received(answer.cookies), request)  # type: ignore[arg-type]  # it asks for info() alone
        return answer


@dataclass(frozen=True, slots=True)
class _Received:
    """An answer's cookies as the cookie jar reads them."""

    cookies: tuple[str, ...]

    def info(self) -> Message:
        message = Message()
        for cookie in self.cookies:
            message["Set-Cookie"] = cookie
        return message


class _FormReader(HTMLParser):
    """Collects forms with their fields and buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(values.get("action", ""), values.get("method", "get"))
            self.forms.append(self._open)
        elif self._open is not None and tag == "input":
            self._open.fields[values.get("name", "")] = values.get("value", "")
        elif self._open is not None and tag == "button":
            button = Button(values.get("id", ""), values.get("name", ""), values.get("value", ""))
            self._open.buttons.append(button)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
