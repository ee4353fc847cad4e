"""A browser without a window: keeps cookies, follows redirects within one site, and fills in forms by their names."""

import http.cookiejar
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from authserver.sandbox.third_party.http import HttpResponse, HttpsClient
from authserver.values import Hidden, Value

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10


class Button(Value, frozen=True):
    """One button of a form, and what pressing it adds."""

    element_id: str
    name: str
    value: str


@dataclass(slots=True)
class Form:
    """One form: where it goes, what its fields hold, what may be chosen, its buttons.

    `passkey_options` is what the page's script would ask of the browser, as JSON.
    """

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    passkey_options: str = ""
    buttons: list[Button] = field(default_factory=list)


class Page(Value, frozen=True):
    """What the browser shows; `left_for` is a URL of another site to which it was sent instead."""

    url: str
    status: int
    text: Hidden[str] = ""
    left_for: str = ""

    @property
    def path(self) -> str:
        """Return the page's path."""
        return urlsplit(self.url).path

    def form_of(self, button_id: str) -> Form:
        """Return the form that has a button of that id; raises LookupError where the page has none."""
        for form in self.forms:
            if any(button.element_id == button_id for button in form.buttons):
                return form
        raise LookupError(f"there is no button {button_id} at {self.path}")

    @property
    def forms(self) -> list[Form]:
        """Return the page's forms."""
        reader = _FormReader()
        reader.feed(self.text)
        return reader.forms


class FormBrowser:
    """One person's browser, at one site: what leads to another is shown and not followed."""

    def __init__(self, https: HttpsClient, site: str) -> None:
        self._https = https
        self._site = site
        self._jar = http.cookiejar.CookieJar()

    def keep(self, name: str, value: str) -> None:
        """Keep a cookie as if the site had set it."""
        cookie = f"{name}={value}; Path=/; Secure; HttpOnly"
        request = urllib.request.Request(self._site)  # noqa: S310 - only a carrier of cookies, never opened
        self._jar.extract_cookies(_Received((cookie,)), request)  # type: ignore[arg-type]  # it asks for info() alone

    def open(self, url: str) -> Page:
        """Go to a URL."""
        return self._follow("GET", url, None)

    def press(self, page: Page, button_id: str, typed: Mapping[str, str] | None = None) -> Page:
        """Fill in the form that has a button of that id, and press it; raises LookupError where the page has none."""
        form = page.form_of(button_id)
        button = next(button for button in form.buttons if button.element_id == button_id)
        unknown = set(typed or {}) - set(form.fields) - set(form.choices)
        if unknown:
            raise LookupError(f"the form at {page.path} has no field {min(unknown)}")
        pressed = {button.name: button.value} if button.name else {}
        return self._follow("POST", urljoin(page.url, form.action), {**form.fields, **(typed or {}), **pressed})

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

    def _send(self, method: str, url: str, form: Mapping[str, str] | None) -> HttpResponse:
        request = urllib.request.Request(url)  # noqa: S310 - only a carrier of cookies, never opened
        self._jar.add_cookie_header(request)
        cookies = request.get_header("Cookie")
        answer = self._https.send(method, url, headers={"Cookie": cookies} if cookies else {}, form=form)
        self._jar.extract_cookies(_Received(answer.cookies), request)  # type: ignore[arg-type]  # it asks for info() alone
        return answer


class _Received(Value, frozen=True):
    """An answer's cookies as the cookie jar reads them."""

    cookies: tuple[str, ...]

    def info(self) -> Message:
        message = Message()
        for cookie in self.cookies:
            message["Set-Cookie"] = cookie
        return message


class _FormReader(HTMLParser):
    """Collects forms with their fields and buttons, wherever on the page these stand."""

    def __init__(self) -> None:
        super().__init__()
        self._forms: list[tuple[str, Form]] = []
        self._parts: list[tuple[str | Form, str, dict[str, str]]] = []
        self._open: Form | None = None

    @property
    def forms(self) -> list[Form]:
        """Return the forms, each with what stands in it or names it."""
        by_id = dict(self._forms)
        for owner, tag, values in self._parts:
            form = by_id.get(owner) if isinstance(owner, str) else owner
            if form is not None:
                _add(form, tag, values)
        self._parts.clear()
        return [form for _, form in self._forms]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(values.get("action", ""), values.get("method", "get"))
            self._open.passkey_options = values.get("data-options", "")
            self._forms.append((values.get("id", ""), self._open))
        owner = values.get("form") or self._open
        if owner is not None and tag in {"input", "button"}:
            self._parts.append((owner, tag, values))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def _add(form: Form, tag: str, values: Mapping[str, str]) -> None:
    name, value = values.get("name", ""), values.get("value", "")
    if tag == "button":
        form.buttons.append(Button(values.get("id", ""), name, value))
        return
    if values.get("type") in {"checkbox", "radio"}:
        form.choices.setdefault(name, []).append(value)
        if "checked" not in values:
            return
    form.fields[name] = value
