"""A person with a browser, for tests: follows redirects, fills in the forms that are there, keeps cookies."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import pyotp
from werkzeug.test import Client, TestResponse

from tests.support.deployment import ISSUER, PASSWORD, SEED, Deployment

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@dataclass
class Person:
    """One browser and who sits before it."""

    deployment: Deployment
    username: str = "alice"
    password: str = PASSWORD
    seed: str = SEED

    def __post_init__(self) -> None:
        self.browser: Client = self.deployment.app.test_client()
        self.pages: list[str] = []

    def open(self, url: str) -> TestResponse:
        """Open a URL and follow redirects within the server; what is returned is a page, or the way out to an app."""
        response = self.browser.get(url, base_url=ISSUER)
        return self._follow(response)

    def approve(self, url: str) -> str:
        """Open a URL, sign in and allow everything asked; return the redirect URI with its answer."""
        return self._work(self.open(url), "approve")

    def deny(self, url: str) -> str:
        """Open a URL, sign in and allow nothing."""
        return self._work(self.open(url), "deny")

    def submit(self, path: str, page: TestResponse, **fields: str | list[str]) -> TestResponse:
        """Send a page's form with its hidden fields and these, and follow redirects within the server."""
        return self._follow(_send(self.browser, path, page, fields))

    def send(self, page: TestResponse, **fields: str) -> TestResponse:
        """Send a page's form with its hidden fields and these, and go nowhere from there."""
        return _send(self.browser, page.request.full_path, page, fields)

    def send_apart(self, page: TestResponse, cookies: str, **fields: str) -> TestResponse:
        """Send a page's form with these cookies, as one of many at the same moment; none that it sets is kept."""
        client = self.deployment.app.test_client(use_cookies=False)
        return _send(client, page.request.full_path, page, fields, Cookie=cookies)

    def cookies(self) -> str:
        """Return the Cookie header of this browser."""
        found = [self.browser.get_cookie(name, domain="localhost") for name in ("__Host-browser", "__Host-session")]
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in found if cookie is not None)

    def sign_in(self, page: TestResponse) -> TestResponse:
        """Fill in the sign-in page."""
        return self.submit(page.request.full_path, page, username=self.username, password=self.password)

    def enter_code(self, page: TestResponse, code: str | None = None) -> TestResponse:
        """Fill in the second factor's page with a fresh code."""
        generated = code or pyotp.TOTP(self.seed).at(self.deployment.now)
        return self.submit(page.request.full_path, page, totp=generated)

    def decide(self, page: TestResponse, decision: str, **fields: str | list[str]) -> TestResponse:
        """Answer the consent page."""
        return self.submit(page.request.full_path, page, decision=decision, **fields)

    def _work(self, page: TestResponse, decision: str) -> str:
        for _ in range(6):
            if page.status_code == 303:
                return page.headers["Location"]
            page = self._fill(page, decision)
        raise AssertionError("the pages never end")

    def _fill(self, page: TestResponse, decision: str) -> TestResponse:
        path = urlsplit(page.request.path).path
        assert page.status_code == 200, (path, page.status_code, page.text)
        if path == "/login":
            return self.sign_in(page)
        if path == "/login/totp":
            return self.enter_code(page)
        assert path == "/consent", path
        return self.decide(page, decision)

    def _follow(self, response: TestResponse) -> TestResponse:
        while response.status_code == 303:
            target = urlsplit(response.headers["Location"])
            if target.scheme and f"{target.scheme}://{target.netloc}" != ISSUER:
                return response
            self.pages.append(target.path)
            response = self.browser.get(f"{target.path}?{target.query}", base_url=ISSUER)
        return response


def _send(
    client: Client, path: str, page: TestResponse, fields: Mapping[str, str | list[str]], **headers: str
) -> TestResponse:
    hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
    own = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}
    return client.post(path, data={**hidden, **fields}, base_url=ISSUER, headers={**own, **headers})


def code_of(location: str) -> str:
    """Return the code in a redirect to the app."""
    return dict(parse_qsl(urlsplit(location).query))["code"]
