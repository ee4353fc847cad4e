"""What every story uses: the places, the clients, a way to walk the pages as a person, and a way to expect things."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from authserver.clock import Clock
from authserver.sandbox.check.authenticator import SoftwarePasskey
from authserver.sandbox.check.browser import FormBrowser, Page
from authserver.sandbox.layout import DemoLayout
from authserver.sandbox.people import Person
from authserver.sandbox.third_party.client import Flow, OAuthClient
from authserver.sandbox.third_party.http import HttpResponse, HttpsClient
from authserver.sandbox.third_party.one_time_code import STEP_SECONDS, one_time_code

APPROVE = "approve"
DENY = "deny"
CANCEL = "cancel"
OFFER = "/login/passkey/offer"
"""The page that offers a passkey, once, after a sign-in with a password alone."""

_MOST_PAGES = 8


class StoryFailed(Exception):
    """Something is not as the story expects it."""


def expect(condition: object, what: str) -> None:
    """Return where the condition holds; raises StoryFailed with what should have been."""
    if not condition:
        raise StoryFailed(what)


def expect_answer(answer: HttpResponse, status: int, error: str | None = None) -> dict[str, Any]:
    """Return the JSON of an answer with this status, and with this error code where one is named."""
    document = answer.json()
    told = f"{answer.status} {document.get('error', '')} {document.get('error_description', '')}".strip()
    expect(answer.status == status, f"the status {status}, and not {told}")
    if error is not None:
        expect(document.get("error") == error, f"the error {error}, and not {told}")
    return document


@dataclass(slots=True)
class ScriptedPerson:
    """A person at a browser: signs in, proves more and decides, on whichever page comes.

    Whoever has a passkey signs in with it alone. `approving` is the text of the last page that showed a payment.
    """

    person: Person
    browser: FormBrowser
    clock: Clock
    decision: str = APPROVE
    passkey: SoftwarePasskey | None = None
    seen: list[str] = field(default_factory=list)
    approving: str = ""

    def walk(self, url: str) -> Page:
        """Go through the pages until they lead to another site, or to one that is no step."""
        self.seen.clear()
        page = self.browser.open(url)
        for _ in range(_MOST_PAGES):
            act = self._acts().get(page.path)
            if page.left_for or act is None:
                return page
            self.seen.append(page.path)
            page = act(page)
        raise StoryFailed(f"an end of the pages after {self.seen}")

    def _acts(self) -> dict[str, Callable[[Page], Page]]:
        return {
            "/login": self._sign_in,
            "/login/totp": self._enter_code,
            "/login/passkey": self._use_passkey,
            OFFER: self._add_nothing,
            "/enrol": self._add_nothing,
            "/approve": self._approve,
            "/consent": self._decide,
        }

    def _sign_in(self, page: Page) -> Page:
        if self.decision == CANCEL:
            return self.browser.press(page, CANCEL)
        if self.passkey is not None:
            return self._press_with_passkey(page, "use-passkey")
        typed = {"username": self.person.username, "password": self.person.password}
        after = self.browser.press(page, "submit", typed)
        expect(after.left_for or after.path != "/login", f"{self.person.username} to be signed in")
        return after

    def _enter_code(self, page: Page) -> Page:
        return self._press_with_code(page, "submit")

    def _add_nothing(self, page: Page) -> Page:
        """Go on, or back to the app, rather than add a passkey or a second factor."""
        return self.browser.press(page, CANCEL)

    def _use_passkey(self, page: Page) -> Page:
        return self._press_with_passkey(page, "submit")

    def _approve(self, page: Page) -> Page:
        """Approve the payment, or say no; a payment that the person cannot approve leads back to the app."""
        self.approving = page.text
        buttons = {button.element_id for form in page.forms for button in form.buttons}
        if APPROVE not in buttons or self.decision != APPROVE:
            return self.browser.press(page, DENY if DENY in buttons else CANCEL)
        by_passkey = bool(page.form_of(APPROVE).passkey_options)
        return self._press_with_passkey(page, APPROVE) if by_passkey else self._press_with_code(page, APPROVE)

    def _press_with_passkey(self, page: Page, button_id: str) -> Page:
        if self.passkey is None:
            raise StoryFailed(f"a passkey of {self.person.username} at {page.path}")
        credential = self.passkey.sign(page.form_of(button_id).passkey_options)
        after = self.browser.press(page, button_id, {"credential": credential})
        expect(after.left_for or after.path != page.path, f"the passkey to be accepted at {page.path}")
        return after

    def _press_with_code(self, page: Page, button_id: str) -> Page:
        """Enter the present code; where it was used a moment ago, as on a second run, the next one."""
        path = page.path
        for _ in range(3):
            for ahead in (0, STEP_SECONDS):
                code = one_time_code(self.person.totp_seed or "", self.clock() + ahead)
                after = self.browser.press(page, button_id, {"totp": code})
                if after.left_for or after.path != path:
                    return after
                page = after
            time.sleep(STEP_SECONDS - self.clock() % STEP_SECONDS)
        raise StoryFailed(f"a code to be accepted at {path}")

    def _decide(self, page: Page) -> Page:
        """Approve or deny; where accounts are to be chosen, the first of each that is offered."""
        choices = page.form_of(self.decision).choices
        return self.browser.press(page, self.decision, {name: values[0] for name, values in choices.items()})


@dataclass(slots=True)
class CheckContext:
    """The running demo, as the stories see it; what one learns, the next may use."""

    places: DemoLayout
    clock: Clock
    https: HttpsClient
    metadata: dict[str, Any]
    jwks: dict[str, Any]
    alice: ScriptedPerson
    carol: ScriptedPerson
    penny: OAuthClient
    early_request: tuple[str, int]


Story = Callable[[CheckContext], Iterator[str]]
"""Drives one story; yields a sentence after each step that went as it should."""


def new_visitor(scene: CheckContext, person: Person, decision: str = APPROVE) -> ScriptedPerson:
    """Return a person at a fresh browser."""
    return ScriptedPerson(person, FormBrowser(scene.https, scene.places.issuer), scene.clock, decision)


def start(client: OAuthClient, flow: Flow) -> str:
    """Push a request and return the URL for the browser."""
    pushed = expect_answer(client.push(flow), 201)
    return client.authorization_url({"client_id": client.client_id, "request_uri": pushed["request_uri"]})


def ask(client: OAuthClient, visitor: ScriptedPerson, flow: Flow, url: str | None = None) -> dict[str, str]:
    """Send the visitor through the pages and return the parameters of the answer, checked."""
    page = visitor.walk(url or start(client, flow))
    expect(page.left_for.startswith(f"{client.redirect_uri}?"), f"a way back to the app, and not {page.path}")
    return client.read_callback(page.left_for, flow)


def connect(
    scene: CheckContext, client: OAuthClient, visitor: ScriptedPerson, *, resource: str = "", **extra: str
) -> tuple[dict[str, Any], Flow, str]:
    """Run a whole code flow for both of the bank's APIs; return the token response, the flow and the code."""
    resources = (scene.places.accounts, scene.places.payments)
    flow = client.begin("openid accounts payments", resources=resources, **extra)
    code = ask(client, visitor, flow)["code"]
    tokens = expect_answer(client.redeem(code, flow, resource or scene.places.accounts), 200)
    return tokens, flow, code
