"""What a hostile browser, app or bystander tries with a payment: each is refused, by name, and pays nothing."""

import json
from typing import Any

import pytest

from tests.support.deployment import Deployment
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.payment_pages import (
    approvals,
    approve_with,
    at_payment,
    confirm,
    register_paying_app,
)
from tests.support.payment_proofs import PAYMENT
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, answer_of


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """An app that may ask for payments."""
    return register_paying_app(deployment)


_ODD_CLIENT_DATA: dict[str, dict[str, Any]] = {
    "a fraction": {"fraction": 1.5},
    "no number": {"fraction": float("nan")},
    "half a character": {"half": "\ud800"},
    "a padded challenge": {"challenge": "pad"},
    "an origin in capitals": {"origin": "HTTPS://LOCALHOST"},
}


@pytest.mark.spec("RTS-SCA-5.1", "WEBAUTHN-7.2")
@pytest.mark.parametrize("changes", list(_ODD_CLIENT_DATA.values()), ids=list(_ODD_CLIENT_DATA))
def test_what_is_signed_so_that_its_proof_would_not_hold_approves_nothing(
    app: RelyingParty, alice: Person, changes: dict[str, Any]
) -> None:
    key = enrol_passkey(app.deployment, "alice")
    page = at_payment(app, alice, PAYMENT)
    options = options_on(page)
    if "challenge" in changes:
        changes = {"challenge": json.loads(options)["challenge"] + "="}

    refused = alice.submit(page.request.full_path, page, decision="approve", credential=key.sign(options, **changes))

    assert (refused.status_code, "That did not work" in refused.text) == (400, True)
    assert not approvals(app.deployment)
    assert approve_with(alice, refused, key).status_code == 303


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-4.2")
def test_a_payment_that_someone_else_approved_in_this_browser_is_nobody_elses(app: RelyingParty, alice: Person) -> None:
    app.deployment.add_person("carol", totp=True)
    carol = Person(app.deployment, "carol")
    page = at_payment(app, alice, scope="openid accounts")
    consent = confirm(alice, page)
    assert consent.request.path == "/consent"
    alice.browser.delete_cookie("__Host-session", domain="localhost")
    carol.browser = alice.browser
    app.deployment.wait(30)

    page = carol.open(consent.request.full_path)
    while page.status_code == 200 and page.request.path in {"/login", "/login/totp"}:
        page = carol.sign_in(page) if page.request.path == "/login" else carol.enter_code(page)

    assert page.status_code == 303, (page.request.path, page.text)
    assert answer_of(page.headers["Location"])["error"] == "access_denied"
