"""The account that pays, chosen in a real Chromium: with scripts and without, by mouse and by keyboard."""

import json
import os
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import register_app
from tests.support.deployment import PASSWORD
from tests.support.details import BANK_ACCOUNTS, STRANGERS
from tests.support.visitor import Scene, Visitor
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


@pytest.fixture(scope="module")
def payer(scene: Scene) -> WireApp:
    """An app that may ask for payments."""
    app = register_app(
        scene.server, scene.site, "chooser", "Tiny Ledger", authorization_details_types=["payment_initiation"]
    )
    scene.server.add_client(
        client_id="orders",
        redirect_uris=[],
        grant_types=["client_credentials"],
        scope="introspection",
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn="CN=orders",
        resource=["https://orders.example/"],
        authorization_details_types=["payment_initiation"],
    )
    for _ in range(50):  # a running server learns of a new API within two seconds
        if app.push(scope="openid", authorization_details=json.dumps([PAYMENT])).status_code == HTTPStatus.CREATED:
            break
        time.sleep(0.1)
    return app


def _with_accounts(visitor: Visitor) -> str:
    """Give the visitor an account of two bank accounts; return its seed."""
    claims = visitor.scene.server.folder / f"{visitor.username}.json"
    visitor.username = f"{visitor.username}-with-accounts"
    claims.write_text(json.dumps({"bank_accounts": BANK_ACCOUNTS}))
    arguments = ("user", "add", visitor.username, "--password-stdin", "--claims", str(claims))
    visitor.scene.server.command(*arguments, given=PASSWORD + "\n")
    seed = pyotp.random_base32()
    visitor.scene.server.command("user", "totp", visitor.username, "--secret", seed)
    return seed


def _start(visitor: Visitor, payer: WireApp, locale: str = "en", **more: object) -> None:
    state = f"payer-{visitor.username}"
    visitor.states.append(state)
    details = json.dumps([{**PAYMENT, **more}])
    asked = {"redirect_uri": visitor.scene.site.callback, "state": state, "scope": "openid", "ui_locales": locale}
    visitor.page.goto(payer.authorization_url(**asked, authorization_details=details))
    visitor.sign_in()
    visitor.arrives_at("/approve")


def _payer_shown(page: Page) -> str:
    return page.locator(".payment-payer-account dd").inner_text()


@pytest.mark.spec("RTS-SCA-5.1")
def test_the_account_is_chosen_by_keyboard_and_without_scripts(
    new_visitor: Callable[..., Visitor], payer: WireApp, *, javascript: bool
) -> None:
    visitor = new_visitor(javascript=javascript, totp=False)
    seed = _with_accounts(visitor)
    _start(visitor, payer)
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
    payer: WireApp,
    axe: Callable[[Page], list[tuple[str, list[str]]]],
    more: dict[str, Any],
    locale: str,
) -> None:
    visitor = new_visitor(totp=False)
    _with_accounts(visitor)
    _start(visitor, payer, locale, **more)
    for width in WIDTHS:
        visitor.page.set_viewport_size({"width": width, "height": 900})
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
        assert not axe(visitor.page)
        if SCREENSHOTS:
            name = f"payer-{locale}-{'-'.join(more) or 'pay'}-{''.join(more.get('actions', []))}-{width}.png"
            visitor.page.screenshot(path=Path(SCREENSHOTS) / name, full_page=True)
