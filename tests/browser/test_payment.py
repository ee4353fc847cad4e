"""A payment approved in a real Chromium, with its virtual authenticator in the place of a device."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from authserver.banking.verify import verify_proof
from tests.support.payment_proofs import PAYMENT
from tests.support.virtual_authenticator import Device, enrol
from tests.support.visitor import Scene, Visitor
from tests.support.wire import WireApp

pytestmark = pytest.mark.chromium

SMALL = {**PAYMENT, "instructedAmount": {"currency": "EUR", "amount": "25.40"}}


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    """A fresh visitor with scripts and an authenticator app."""
    return new_visitor()


def _start(visitor: Visitor, detailed_app: WireApp, payment: dict[str, object]) -> None:
    """Come from the app with a payment, and sign in."""
    visitor.start_details(detailed_app, payment)
    visitor.sign_in()
    visitor.arrives_at("/approve")


def _latest_proof(scene: Scene) -> bytes:
    latest = json.loads(scene.server.command("sca", "list", "--most", "1", "--json"))
    return scene.server.command("sca", "export", latest[0]["approval_id"]).encode()


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2", "WEBAUTHN-7.2")
def test_a_payment_confirmed_with_a_passkey_leaves_a_proof(
    visitor: Visitor, scene: Scene, detailed_app: WireApp
) -> None:
    key = enrol(scene.server, visitor.username)
    _start(visitor, detailed_app, PAYMENT)
    Device(visitor.page).hold(key, scene.server)
    text = "\n".join(
        f"{term}: {value}"
        for term, value in zip(
            visitor.page.locator(".payment dt").all_inner_texts(),
            visitor.page.locator(".payment dd").all_inner_texts(),
            strict=True,
        )
    )

    visitor.page.click("text=Confirm payment of €125.40")

    assert "code" in visitor.answer()
    verdict = verify_proof(_latest_proof(scene))
    assert verdict, verdict.failed()
    assert verdict.evidence is not None
    assert verdict.evidence.text == text


@pytest.mark.spec("RTS-SCA-5.1")
def test_what_is_paid_and_to_whom_is_the_largest_text(visitor: Visitor, detailed_app: WireApp) -> None:
    _start(visitor, detailed_app, SMALL)
    sizes = visitor.page.evaluate(
        """() => [...document.querySelectorAll("main *")]
            .filter((each) => each.textContent.trim() && !each.children.length)
            .map((each) => [parseFloat(getComputedStyle(each).fontSize), each.textContent.trim()])
            .sort((one, other) => other[0] - one[0]).map((each) => each[1])"""
    )
    assert sizes[:2] == ["€25.40", "Bäckerei Huber"]
    approve, deny = (visitor.page.locator(name).bounding_box() for name in ("#approve", "#deny"))
    assert approve is not None
    assert deny is not None
    assert (approve["width"], approve["height"]) == (deny["width"], deny["height"])


def test_whoever_closes_the_prompt_has_paid_nothing_and_may_try_again(
    visitor: Visitor, scene: Scene, detailed_app: WireApp
) -> None:
    key = enrol(scene.server, visitor.username)
    device = Device(visitor.page, verifies=False)
    device.hold(key, scene.server)
    _start(visitor, detailed_app, PAYMENT)
    problem = visitor.page.locator("[data-passkey-problem]")
    expect(problem).to_be_hidden()
    visitor.page.click("#approve")
    expect(problem).to_be_focused()
    device.set_verified(True)
    visitor.page.click("#approve")
    assert "code" in visitor.answer()


def test_whoever_does_not_pay_is_asked_for_no_passkey(visitor: Visitor, scene: Scene, detailed_app: WireApp) -> None:
    key = enrol(scene.server, visitor.username)
    _start(visitor, detailed_app, PAYMENT)
    Device(visitor.page).hold(key, scene.server)
    visitor.page.click("#deny")
    assert visitor.answer()["error"] == "access_denied"
