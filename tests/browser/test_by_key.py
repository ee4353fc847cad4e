"""Every flow but the passkey ceremony by keyboard alone, with scripts and without: each control is reached and seen."""

import time
from collections.abc import Callable

import pyotp
import pytest

from tests.browser.test_keyboard import walk
from tests.browser.test_payment import SMALL
from tests.support.deployment import PASSWORD
from tests.support.details import ACCOUNTS, CURRENT
from tests.support.visitor import Scene, Visitor, current_code
from tests.support.wire import WireApp

pytestmark = pytest.mark.chromium

_NEW_PASSWORD = "seven-quiet-herons-wade"


def type_into(visitor: Visitor, field: str, text: str) -> None:
    """Come to a field by Tab, unless it has the focus, and type."""
    if visitor.page.evaluate("document.activeElement.id") != field:
        walk(visitor, field)
    visitor.page.keyboard.type(text)


def press(visitor: Visitor, control: str, key: str = "Enter") -> None:
    """Come to a control by Tab, press a key on it, and wait for the page it leads to."""
    walk(visitor, control)
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press(key)


def sign_in(visitor: Visitor) -> None:
    """Sign in with the password."""
    type_into(visitor, "username", visitor.username)
    type_into(visitor, "password", PASSWORD)
    press(visitor, "submit")


def enter_code(visitor: Visitor, control: str = "submit", code: str = "") -> None:
    """Type a code and send it."""
    type_into(visitor, "totp", code or current_code())
    press(visitor, control)


def open_account(visitor: Visitor, path: str) -> None:
    """Open an account page and sign in for it."""
    visitor.page.goto(visitor.scene.server.issuer + path)
    sign_in(visitor)
    enter_code(visitor)
    visitor.arrives_at(path)


def new_seed(visitor: Visitor) -> str:
    """Return the key that a page shows for a new authenticator app."""
    return visitor.page.inner_text(".code-block code").replace(" ", "")


def test_a_recovery_code(visitor: Visitor, scene: Scene) -> None:
    code = scene.server.add_recovery_codes(visitor.username)[0]
    visitor.start()
    sign_in(visitor)
    press(visitor, "Use a recovery code instead")
    type_into(visitor, "recovery_code", code.lower().replace("-", " "))
    press(visitor, "submit")
    visitor.arrives_at("/consent")


def test_a_first_second_factor_on_the_way(new_visitor: Callable[..., Visitor], *, javascript: bool) -> None:
    visitor = new_visitor(javascript=javascript, totp=False)
    visitor.start()
    sign_in(visitor)
    visitor.arrives_at("/enrol")
    enter_code(visitor, code=pyotp.TOTP(new_seed(visitor)).at(int(time.time())))
    assert visitor.page.locator("#recovery-codes li").count() == 10
    press(visitor, "submit")
    visitor.arrives_at("/consent")


def test_consent_with_a_choice_of_accounts(visitor: Visitor, detailed_app: WireApp) -> None:
    seed = visitor.hold_bank_accounts()
    visitor.start_details(detailed_app, ACCOUNTS)
    sign_in(visitor)
    enter_code(visitor, code=pyotp.TOTP(seed).now())
    assert not visitor.page.is_checked("#accounts-0-0")
    press(visitor, "approve")
    visitor.page.wait_for_selector(".error-summary:focus")
    press_on_summary(visitor)
    visitor.page.keyboard.press("Space")
    assert visitor.page.locator("input:checked").evaluate_all("boxes => boxes.map(box => box.value)") == [CURRENT]
    press(visitor, "approve")
    assert "code" in visitor.answer()


def press_on_summary(visitor: Visitor) -> None:
    """Follow the error summary's link to what it speaks of."""
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_selector("#accounts-0-0:focus")


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_a_payment_by_code(visitor: Visitor, detailed_app: WireApp, decision: str) -> None:
    visitor.start_details(detailed_app, SMALL)
    sign_in(visitor)
    visitor.arrives_at("/approve")
    if decision == "approve":
        type_into(visitor, "totp", current_code())
    press(visitor, decision, "Space")
    assert ("code" if decision == "approve" else "error") in visitor.answer()


def test_the_password_is_changed(visitor: Visitor) -> None:
    open_account(visitor, "/account/password")
    type_into(visitor, "password", PASSWORD)
    type_into(visitor, "new_password", _NEW_PASSWORD)
    press(visitor, "submit")
    visitor.arrives_at("/account/methods")


def test_another_generator_takes_the_place_of_the_first(visitor: Visitor) -> None:
    open_account(visitor, "/account/methods")
    press(visitor, "Use another phone")
    enter_code(visitor, code=pyotp.TOTP(new_seed(visitor)).at(int(time.time())))
    visitor.arrives_at("/account/recovery-codes")
    press(visitor, "submit")
    assert visitor.page.locator("#recovery-codes li").count() == 10


def test_an_app_is_stopped(visitor: Visitor, scene: Scene) -> None:
    visitor.reach_consent()
    visitor.page.click("#approve")
    visitor.answer()
    visitor.page.goto(f"{scene.server.issuer}/account/apps")
    press(visitor, "Stop sharing Tiny Ledger")
    press(visitor, "submit")
    assert "No app uses your data" in visitor.page.inner_text("main")


def test_signing_out(visitor: Visitor) -> None:
    open_account(visitor, "/account")
    press(visitor, "Sign out")
    press(visitor, "submit")
    assert visitor.page.inner_text("h1") == "You are signed out"
