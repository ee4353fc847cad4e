"""The account in a real Chromium: a passkey is made, named and used, and nobody is signed out without a warning."""

from collections.abc import Callable

import pytest

from tests.support.virtual_authenticator import Device
from tests.support.visitor import Visitor

pytestmark = pytest.mark.chromium


def open_account(visitor: Visitor, path: str = "/account") -> None:
    visitor.page.goto(visitor.scene.server.issuer + path)
    visitor.sign_in()
    visitor.enter_code()
    visitor.arrives_at(path)


def test_a_passkey_is_made_and_then_signs_in_with_no_password(new_visitor: Callable[..., Visitor]) -> None:
    visitor = new_visitor()
    Device(visitor.page)
    open_account(visitor, "/account/passkeys")
    visitor.page.fill("#name", "My laptop")
    visitor.page.click("#submit")
    visitor.arrives_at("/account/recovery-codes")
    visitor.page.click("#submit")
    assert visitor.page.locator("#recovery-codes li").count() == 10
    visitor.page.click("#submit")
    visitor.arrives_at("/account/methods")
    assert visitor.page.inner_text("h3") == "My laptop"
    visitor.page.click("header >> text=Sign out")
    visitor.page.click("#submit")
    visitor.page.goto(f"{visitor.scene.server.issuer}/account")
    visitor.arrives_at("/account")  # the virtual authenticator answers the autofill by itself


@pytest.mark.spec("RTS-SCA-4.3")
def test_a_warning_comes_before_the_session_ends_and_one_press_keeps_it(new_visitor: Callable[..., Visitor]) -> None:
    visitor = new_visitor()
    page = visitor.page
    page.clock.install()
    open_account(visitor)
    page.clock.fast_forward("04:01")
    dialog = page.get_by_role("alertdialog", name="Are you still there?")
    dialog.wait_for()
    assert page.evaluate("document.activeElement.id") == "stay"
    page.keyboard.press("Enter")
    dialog.wait_for(state="hidden")
    page.clock.fast_forward("04:01")
    dialog.wait_for()
    page.clock.fast_forward("01:01")
    page.get_by_role("heading", name="You are signed out").wait_for()


def test_the_warning_stands_on_the_consent_page_too(new_visitor: Callable[..., Visitor]) -> None:
    visitor = new_visitor()
    visitor.page.clock.install()
    visitor.reach_consent()
    visitor.arrives_at("/consent")
    visitor.page.wait_for_load_state("load")
    visitor.page.clock.fast_forward("04:01")
    visitor.page.get_by_role("alertdialog").wait_for()
    visitor.page.click("#stay")
    visitor.page.click("#approve")
    assert "code" in visitor.answer()
