"""The account that pays, chosen in a real Chromium: with scripts and without, by mouse and by keyboard."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page

from tests.support.details import STRANGERS
from tests.support.visitor import Visitor
from tests.support.wire import WireApp

pytestmark = pytest.mark.chromium

SCREENSHOTS = os.environ.get("SCREENSHOTS")
WIDTHS = (320, 1280)
PAYMENT: dict[str, Any] = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "25.40"},
    "creditorName": "Bakery",
    "creditorAccount": {"iban": STRANGERS},
}


def _start(visitor: Visitor, detailed_app: WireApp, locale: str = "en", **more: object) -> None:
    visitor.start_details(detailed_app, {**PAYMENT, **more}, ui_locales=locale)
    visitor.sign_in()
    visitor.arrives_at("/approve")


def _payer_shown(page: Page) -> str:
    return page.locator(".payment-payer-account dd").inner_text()


@pytest.mark.spec("RTS-SCA-5.1")
def test_the_account_is_chosen_by_keyboard_and_without_scripts(
    new_visitor: Callable[..., Visitor], detailed_app: WireApp, *, javascript: bool
) -> None:
    visitor = new_visitor(javascript=javascript, totp=False)
    seed = visitor.hold_bank_accounts()
    _start(visitor, detailed_app)
    assert _payer_shown(visitor.page) == "AT61 1904 3002 3457 3201"
    link = visitor.page.locator("a", has_text="Pay from Savings account instead")
    link.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url("**account=1**")
    assert _payer_shown(visitor.page) == "DE89 3704 0044 0532 0130 00"
    visitor.page.fill("#totp", pyotp.TOTP(seed).now())
    visitor.page.click("#approve")
    assert "code" in visitor.answer()


@pytest.mark.parametrize("locale", ["en", "de", "fr"])
@pytest.mark.parametrize(
    "more",
    [{}, {"actions": ["cancel"]}, {"actions": ["status"]}, {"debtorAccount": {"iban": STRANGERS}}],
    ids=["to pay", "to cancel", "to look", "of a stranger"],
)
def test_the_page_fits_every_screen_and_breaks_no_rule(
    new_visitor: Callable[..., Visitor],
    detailed_app: WireApp,
    axe: Callable[[Page], list[tuple[str, list[str]]]],
    more: dict[str, Any],
    locale: str,
) -> None:
    visitor = new_visitor(totp=False)
    visitor.hold_bank_accounts()
    _start(visitor, detailed_app, locale, **more)
    for width in WIDTHS:
        visitor.page.set_viewport_size({"width": width, "height": 900})
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
        assert not axe(visitor.page)
        if SCREENSHOTS:
            name = f"payer-{locale}-{'-'.join(more) or 'pay'}-{''.join(more.get('actions', []))}-{width}.png"
            visitor.page.screenshot(path=Path(SCREENSHOTS) / name, full_page=True)
