"""How each page is built: for small screens, large ones, light and dark, keyboards and readers of screens.

Set SCREENSHOTS to a folder to look at the pages yourself.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Literal

import pyotp
import pytest
from playwright.sync_api import Page

from tests.support.virtual_authenticator import enrol
from tests.support.visitor import Visitor, wrong_code

pytestmark = pytest.mark.chromium

WIDTHS = (320, 1280)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LEAST_TARGET = 44
SCREENSHOTS = os.environ.get("SCREENSHOTS")

Axe = Callable[[Page], list[tuple[str, list[str]]]]
"""Runs axe-core on what a page shows; answers each rule that is broken, and where."""

FAULTS = (Path(__file__).parent / "page_faults.js").read_text()


def login(visitor: Visitor) -> None:
    visitor.start()


def login_refused(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in("not-the-password")


def login_again(visitor: Visitor) -> None:
    visitor.reach_consent()
    visitor.start(prompt="login")


def login_for_an_app_with_a_long_name(visitor: Visitor) -> None:
    visitor.scene = replace(visitor.scene, app=visitor.scene.app_with_a_long_name)
    visitor.start(login_hint="x" * 200)


def consent_to_an_app_with_a_long_name(visitor: Visitor) -> None:
    visitor.scene = replace(visitor.scene, app=visitor.scene.app_with_a_long_name)
    visitor.reach_consent()


def second_factor(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()


def second_factor_refused(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()
    visitor.enter_code(wrong_code())


def second_factor_missing(visitor: Visitor) -> None:
    visitor.start()
    visitor.sign_in()


def consent(visitor: Visitor) -> None:
    visitor.reach_consent(scope="openid profile email accounts")


def posting_back(visitor: Visitor) -> None:
    # A site that answers with nothing new: the browser stays where it is.
    visitor.page.route(visitor.scene.site.callback, lambda route: route.fulfill(status=204))
    visitor.reach_consent(response_mode="form_post")
    visitor.page.click("#approve")
    visitor.page.wait_for_selector("#continue")


def stopped(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.scene.server.issuer}/consent?interaction=unknown")


def not_found(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.scene.server.issuer}/nowhere")


def link_used_up(visitor: Visitor) -> None:
    visitor.page.goto(
        f"{visitor.scene.server.issuer}/authorize?client_id=app&request_uri=urn:ietf:params:oauth:request_uri:x"
    )


def two_attempts_left(visitor: Visitor) -> None:
    visitor.start()
    for _ in range(3):
        visitor.sign_in("not-the-password")


def signing_in_is_paused(visitor: Visitor) -> None:
    visitor.start()
    for _ in range(6):
        visitor.sign_in("not-the-password")


def second_factor_with_another_way(visitor: Visitor) -> None:
    visitor.scene.server.add_recovery_codes(visitor.username)
    visitor.start()
    visitor.sign_in()


def recovery(visitor: Visitor) -> None:
    second_factor_with_another_way(visitor)
    visitor.page.click("text=Use a recovery code instead")


def recovery_refused(visitor: Visitor) -> None:
    recovery(visitor)
    visitor.page.fill("#recovery_code", "not a code")
    visitor.page.click("#submit")


def signing_out(visitor: Visitor) -> None:
    visitor.reach_consent()
    visitor.page.click("header >> text=Sign out")


def signed_out(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.scene.server.issuer}/logout")


def account(visitor: Visitor, path: str = "/account") -> None:
    visitor.page.goto(visitor.scene.server.issuer + path)
    visitor.sign_in()
    visitor.enter_code()
    visitor.arrives_at(path)


def account_methods(visitor: Visitor) -> None:
    enrol(visitor.scene.server, visitor.username)
    visitor.page.goto(f"{visitor.scene.server.issuer}/account/methods")
    visitor.sign_in()
    visitor.page.click("text=Use the code from your authenticator app instead")
    visitor.enter_code()
    visitor.page.click("summary")


def account_generator(visitor: Visitor) -> None:
    account(visitor, "/account/generator")
    visitor.page.fill("#totp", "000000")
    visitor.page.click("#submit")


def account_passkeys(visitor: Visitor) -> None:
    account(visitor, "/account/passkeys")


def account_recovery_codes(visitor: Visitor) -> None:
    account(visitor, "/account/recovery-codes")
    visitor.page.click("#submit")


def account_password(visitor: Visitor) -> None:
    account(visitor, "/account/password")
    visitor.page.fill("#password", "not-the-password")
    visitor.page.fill("#new_password", "seven-quiet-herons-wade")
    visitor.page.click("#submit")


def account_sessions(visitor: Visitor) -> None:
    account(visitor, "/account/sessions")


def account_apps(visitor: Visitor) -> None:
    visitor.reach_consent()
    visitor.page.click("#approve")
    visitor.answer()
    visitor.page.goto(f"{visitor.scene.server.issuer}/account/apps")


def account_stop_sharing(visitor: Visitor) -> None:
    account_apps(visitor)
    visitor.page.click("main >> text=Stop sharing")


def account_activity(visitor: Visitor) -> None:
    account(visitor, "/account/activity")


def account_idle(visitor: Visitor) -> None:
    account(visitor)
    visitor.page.evaluate("document.getElementById('idle').showModal()")


def invitation(visitor: Visitor) -> None:
    printed = visitor.scene.server.command("user", "invite", f"guest-of-{visitor.username}", "--json")
    visitor.page.goto(json.loads(printed)["link"])


def invitation_over(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.scene.server.issuer}/invitation?invitation=used")


def front(visitor: Visitor) -> None:
    visitor.page.goto(visitor.scene.server.issuer)


def passkey_offered(visitor: Visitor) -> None:
    visitor.start(scope="openid")
    visitor.sign_in()


def second_factor_added(visitor: Visitor) -> None:
    second_factor_missing(visitor)
    key = visitor.page.inner_text(".code-block code").replace(" ", "")
    visitor.enter_code(pyotp.TOTP(key).now())


PAGES: dict[str, Callable[[Visitor], None]] = {
    way.__name__.replace("_", "-"): way
    for way in (
        login,
        login_refused,
        login_again,
        login_for_an_app_with_a_long_name,
        second_factor,
        second_factor_refused,
        second_factor_missing,
        consent,
        consent_to_an_app_with_a_long_name,
        posting_back,
        stopped,
        not_found,
        link_used_up,
        two_attempts_left,
        signing_in_is_paused,
        second_factor_with_another_way,
        recovery,
        recovery_refused,
        signing_out,
        signed_out,
        account,
        account_methods,
        account_generator,
        account_passkeys,
        account_recovery_codes,
        account_password,
        account_sessions,
        account_apps,
        account_stop_sharing,
        account_activity,
        account_idle,
        invitation,
        invitation_over,
        front,
        passkey_offered,
        second_factor_added,
    )
}


WITHOUT_A_SECOND_FACTOR = frozenset({"second-factor-missing", "second-factor-added", "passkey-offered"})


@pytest.fixture(params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a page."""
    return str(request.param)


@pytest.fixture
def shown(name: str, new_visitor: Callable[..., Visitor]) -> Visitor:
    """A visitor before that page."""
    visitor = new_visitor(totp=name not in WITHOUT_A_SECOND_FACTOR)
    PAGES[name](visitor)
    return visitor


def views(page: Page, name: str) -> Iterator[str]:
    """Show a page at each width and in each theme, and say which."""
    for width, theme in product(WIDTHS, THEMES):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{width}-{theme}.png", full_page=True)
        yield f"{width} px, {theme}"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-13")
@pytest.mark.node
def test_a_page_is_well_made_at_every_width_and_in_both_themes(shown: Visitor, name: str, axe: Axe) -> None:
    page = shown.page
    assert page.get_attribute("html", "lang") == "en"
    assert page.title().endswith(" · Harbour Bank")
    assert (page.locator("h1").count(), page.locator("main").count()) == (1, 1)
    for view in views(page, name):
        assert page.evaluate(FAULTS, LEAST_TARGET) == [], view
        assert axe(page) == [], view


@pytest.mark.node
def test_axe_would_find_something(new_visitor: Callable[..., Visitor], axe: Axe) -> None:
    visitor = new_visitor()
    visitor.start()
    visitor.page.evaluate("document.querySelector('label[for=username]').remove()")
    visitor.page.evaluate("document.querySelector('.aside').style.color = 'silver'")
    assert {rule for rule, _ in axe(visitor.page)} >= {"label", "color-contrast"}


def test_the_search_for_faults_would_find_each(new_visitor: Callable[..., Visitor]) -> None:
    visitor = new_visitor()
    visitor.start()
    visitor.page.evaluate("""() => {
      document.querySelector('label[for=username]').remove();
      document.querySelector('h1').id = 'submit';
      Object.assign(document.querySelector('#cancel').style, {minHeight: '0', maxHeight: '20px'});
      document.querySelector('.party').style.width = '3000px';
      document.querySelector('#password').setAttribute('aria-describedby', 'nobody');
    }""")
    found = visitor.page.evaluate(FAULTS, LEAST_TARGET)
    kinds = {fault.partition(":")[0] for fault in found}
    assert {"scrolls sideways", "sticks out", "no label", "twice", "refers to nothing"} <= kinds
    assert any(" x " in kind for kind in kinds)
