"""Someone before a real Chromium: goes through the pages as a person does, and hears every complaint of the browser."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from tests.support.app_site import AppSite
from tests.support.deployment import PASSWORD, SEED
from tests.support.details import BANK_ACCOUNTS, text_of
from tests.support.live_server import LiveServer
from tests.support.wire import WireApp

_numbers = count(1)
_STATUS_OF_THE_PAGE = "Failed to load resource: the server responded with a status of 4"


@dataclass(frozen=True, slots=True)
class Scene:
    """A live server, the app that people come from, and one whose name tries the layout."""

    server: LiveServer
    site: AppSite
    app: WireApp
    app_with_a_long_name: WireApp

    def add_person(self, *, totp: bool = True) -> str:
        """Create an account of its own for one test, since a code works once; return its username."""
        username = f"person-{next(_numbers)}"
        if totp:
            self.server.add_person(username)
        else:
            self.server.command("user", "add", username, "--password-stdin", given=PASSWORD + "\n")
        return username


@dataclass
class Visitor:
    """A person with a browser of their own; `complaints` holds what its console, its policies and its network said."""

    scene: Scene
    context: BrowserContext
    username: str
    page: Page = field(init=False)
    complaints: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.open_tab()

    def open_tab(self) -> Page:
        """Open a tab whose complaints are heard."""
        page = self.context.new_page()
        page.on("console", lambda message: self._hear(page, message))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        return page

    def _hear(self, page: Page, message: ConsoleMessage) -> None:
        """Note what a page says, except that it is itself an error page."""
        its_own_status = message.text.startswith(_STATUS_OF_THE_PAGE) and message.location["url"] == page.url
        if message.type in {"error", "warning"} and not its_own_status:
            self.complaints.append(f"{page.url}: {message.text}")

    def arrives_at(self, path: str, page: Page | None = None) -> None:
        """Hold that the browser comes to a path of the server."""
        (page or self.page).wait_for_url(
            lambda url: url.startswith(self.scene.server.issuer) and urlsplit(url).path == path
        )

    def start(self, **changes: object) -> str:
        """Come from the app with a new request; return its state, by which its answer is known."""
        return self.start_in(self.page, **changes)

    def start_in(self, page: Page, **changes: object) -> str:
        """Come from the app in one of several tabs."""
        state = f"state-{next(_numbers)}"
        self.states.append(state)
        given = {"redirect_uri": self.scene.site.callback, "state": state, **changes}
        page.goto(self.scene.app.authorization_url(**given))
        return state

    def start_details(self, app: WireApp, detail: Mapping[str, object], **changes: object) -> str:
        """Come from an app that asks for one authorization detail; return the request's state."""
        state = f"details-{next(_numbers)}"
        self.states.append(state)
        asked = {"redirect_uri": self.scene.site.callback, "state": state, "scope": "openid", **changes}
        self.page.goto(app.authorization_url(**asked, authorization_details=text_of(detail)))
        return state

    def hold_bank_accounts(self) -> str:
        """Become a person with two bank accounts and an authenticator app of their own; return its seed."""
        self.username, seed = f"{self.username}-with-accounts", pyotp.random_base32()
        claims = self.scene.server.folder / f"{self.username}.json"
        claims.write_text(json.dumps({"bank_accounts": BANK_ACCOUNTS}))
        arguments = ("user", "add", self.username, "--password-stdin", "--claims", str(claims))
        self.scene.server.command(*arguments, given=PASSWORD + "\n")
        self.scene.server.command("user", "totp", self.username, "--secret", seed)
        return seed

    def sign_in(self, password: str = PASSWORD, page: Page | None = None) -> None:
        """Fill in the sign-in page."""
        shown = page or self.page
        shown.fill("#username", self.username)
        shown.fill("#password", password)
        shown.click("#submit")

    def enter_code(self, code: str | None = None, page: Page | None = None) -> None:
        """Fill in the page for the second factor."""
        shown = page or self.page
        shown.fill("#totp", code or current_code())
        shown.click("#submit")

    def reach_consent(self, **changes: object) -> str:
        """Go as far as the consent page; return the request's state."""
        state = self.start(**changes)
        self.sign_in()
        self.enter_code()
        self.arrives_at("/consent")  # what looks into the page itself would else look into the one before
        return state

    def answer(self) -> Mapping[str, str]:
        """Return what the app was told of the latest request, once the browser is back there."""
        self.page.wait_for_url(self.scene.site.callback + "**")
        return self.scene.site.answer(self.states[-1])[1]

    def cookie(self, name: str) -> str:
        """Return the value of a cookie that the server set."""
        return next(str(each["value"]) for each in self.context.cookies() if each["name"] == name)


def current_code(steps_ahead: int = 0) -> str:
    """Return the code that everyone's phone shows now, or will show so many steps later."""
    return pyotp.TOTP(SEED).at(int(time.time()) + 30 * steps_ahead)


def wrong_code() -> str:
    """Return six digits that are not a code of about now."""
    near = {current_code(steps) for steps in (-2, -1, 0, 1, 2)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)
