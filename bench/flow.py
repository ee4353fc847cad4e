"""The code flow as a person's browser and an app walk it: push, visit, page, answer, redeem.

Each request is made from the answer before; the person is signed in and is asked for consent. Their answer leads to the
app at once, or, as the peer has it, by one more visit.
"""

import html
import re
from collections.abc import Generator, Mapping, Sequence
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from bench.generator import BenchFailed, Conversation, Expected, Request, show
from bench.messages import ISSUER, PROXIED, Message

CREATED = Expected(201, b'"request_uri":"')
ISSUED = Expected(200, b'"access_token":"')
SEEN = Expected(303, b"")
PAGE = Expected(200, b'name="csrf_token"')
RETURNED = Expected(303, b"code=")
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)\r\n", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^=;\r]+)=([^;\r]*)", re.IGNORECASE)
_CSRF = re.compile(rb'name="csrf_token" value="([^"]+)"')
_REFERENCE = re.compile(rb'"request_uri":"([^"]+)"')
_BROWSER = {**PROXIED, "Accept": "text/html", "Accept-Language": "en"}


class Browser:
    """A person's browser: it keeps cookies and sends all of them back, and shows one page with a form."""

    def __init__(self, cookies: dict[str, str]) -> None:
        self.cookies = dict(cookies)
        self._location, self._csrf = "", ""

    def visit(self, path: str, expected: Expected) -> Request:
        """Return a navigation."""
        return Request(Message(path, self._headers(), method="GET").wire(), expected)

    def submit(self, path: str, form: dict[str, str], expected: Expected) -> Request:
        """Return a form sent from a page of the server."""
        headers = {**self._headers(), "Origin": ISSUER, "Content-Type": "application/x-www-form-urlencoded"}
        return Request(Message(path, headers, urlencode(form).encode("ascii")).wire(), expected)

    def show(self, location: str, page: bytes) -> None:
        """Keep a page's form, and the cookies that came with it."""
        self.take(page)
        self._location, self._csrf = location, csrf_of(page)

    def answer(self, form: dict[str, str], expected: Expected) -> Request:
        """Return the form of the page that is shown, filled in."""
        return self.submit(self._location, {"csrf_token": self._csrf, **form}, expected)

    def take(self, answer: bytes) -> None:
        """Keep the cookies that an answer sets, and drop those it clears."""
        head = answer[: answer.find(b"\r\n\r\n") + 2]
        for name, value in _COOKIE.findall(head):
            if value:
                self.cookies[name.decode("ascii")] = value.decode("ascii")
            else:
                self.cookies.pop(name.decode("ascii"), None)

    def _headers(self) -> Mapping[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**_BROWSER, "Cookie": cookies} if cookies else _BROWSER  # no browser sends an empty one


class Crowd:
    """The browsers of so many people, each used by one flow at a time."""

    def __init__(self, browsers: Sequence[Browser]) -> None:
        self._free = list(browsers)

    def take(self) -> Browser:
        """Return a browser that nobody uses; raises BenchFailed where there is none."""
        if not self._free:
            raise BenchFailed("more code flows at once than there are people")
        return self._free.pop(0)

    def give_back(self, browser: Browser) -> None:
        """Let another flow use a browser."""
        self._free.append(browser)


def code_flow(client_id: str, push: bytes, redemption: Message, crowd: Crowd) -> Conversation:
    """Walk one code flow; the last answer is the token response."""
    browser = crowd.take()
    try:
        pushed = yield Request(push, CREATED)
        location = yield from _until_page(browser, client_id, pushed)
        browser.show(location, (yield browser.visit(location, PAGE)))
        answered = yield browser.answer({"decision": "approve"}, SEEN)
        browser.take(answered)
        if location_of(answered).startswith("/"):
            answered = yield browser.visit(location_of(answered), RETURNED)
            browser.take(answered)
        yield Request(redemption.wire(f"&code={quote(code_of(answered))}".encode("ascii")), ISSUED)
    finally:
        crowd.give_back(browser)


def reach_page(client_id: str, push: bytes, browser: Browser, *, username: str = "") -> Conversation:
    """Push and visit, and read the first page; where a name is given, sign in by it and read the page after it."""
    pushed = yield Request(push, CREATED)
    location = yield from _until_page(browser, client_id, pushed)
    browser.show(location, (yield browser.visit(location, PAGE)))
    if username:
        answered = yield browser.answer({"decision": "approve", "username": username}, SEEN)
        browser.take(answered)
        resumed = yield browser.visit(location_of(answered), SEEN)
        browser.take(resumed)
        location = location_of(resumed)
        browser.show(location, (yield browser.visit(location, PAGE)))


def _until_page(browser: Browser, client_id: str, pushed: bytes) -> Generator[Request, bytes, str]:
    reference = _REFERENCE.search(pushed)
    if reference is None:
        raise BenchFailed(f"no request_uri:\n{show(pushed)}")
    query = urlencode({"client_id": client_id, "request_uri": reference[1].decode("ascii")})
    visited = yield browser.visit(f"/authorize?{query}", SEEN)
    browser.take(visited)
    return location_of(visited)


def location_of(answer: bytes) -> str:
    """Return where an answer redirects to, as a path where it is the server's own."""
    found = _LOCATION.search(answer)
    if found is None:
        raise BenchFailed(f"no redirection:\n{show(answer)}")
    return found[1].decode("ascii").removeprefix(ISSUER)


def csrf_of(page: bytes) -> str:
    """Return the token of a page's form."""
    found = _CSRF.search(page)
    if found is None:
        raise BenchFailed(f"no form:\n{show(page)}")
    return html.unescape(found[1].decode("ascii"))


def code_of(answer: bytes) -> str:
    """Return the code in a redirection to the app."""
    codes = parse_qs(urlsplit(location_of(answer)).query).get("code")
    if codes is None:
        raise BenchFailed(f"no code:\n{show(answer)}")
    return codes[0]
