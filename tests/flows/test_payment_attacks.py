"""What a hostile browser, app or bystander tries with a payment: each is refused, by name, and pays nothing."""

import json
from typing import Any

import pytest

from tests.support.deployment import Deployment
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.payment_pages import (
    SMALL,
    approvals,
    approve_with,
    at_payment,
    confirm,
    payment_url,
    register_paying_app,
)
from tests.support.payment_proofs import PAYMENT
from tests.support.person import HIDDEN, Person, code_of
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


def test_no_address_leads_past_the_approval(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice, scope="openid accounts")
    query = page.request.query_string.decode()
    for path in ("/consent", "/authorize/continue"):
        assert alice.open(f"{path}?{query}").request.path == "/approve"
    assert alice.enter_code(alice.open(f"/login/totp?{query}")).request.path == "/approve"
    for path in ("/consent", "/approve"):
        answer = alice.submit(f"{path}?{query}", page, decision="approve", totp="")
        assert answer.request.path == "/approve"
    assert not approvals(app.deployment)


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_payment_of_another_browser_or_person_is_not_approved(app: RelyingParty, alice: Person) -> None:
    app.deployment.add_person("carol", totp=True)
    carol = Person(app.deployment, "carol")
    theirs, hers = at_payment(app, alice), at_payment(app, carol)
    sealed = dict(HIDDEN.findall(theirs.text))

    assert confirm(carol, theirs).status_code == 400
    for taken in ({"approval": sealed["approval"]}, {"csrf_token": sealed["csrf_token"]}):
        answer = confirm(carol, hers, **taken)
        assert answer.status_code == 400 or answer_of(answer.headers["Location"])["error"] == "access_denied"
    assert not approvals(app.deployment)


@pytest.mark.spec("RFC9126-7.3", "RTS-SCA-5.1")
def test_one_pushed_payment_opened_twice_gives_one_code(app: RelyingParty, alice: Person) -> None:
    key = enrol_passkey(app.deployment, "alice")
    url = payment_url(app, PAYMENT)
    first = alice.sign_in(alice.open(url))
    second = alice.open(url)

    assert code_of(approve_with(alice, first, key).headers["Location"])
    assert approve_with(alice, second, key).status_code == 400


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-6.1")
@pytest.mark.parametrize(
    "change",
    [
        {"instructedAmount": {"currency": "EUR", "amount": "25.41"}},
        {"instructedAmount": {"currency": "eur", "amount": "25.40"}},
        {"instructedAmount": {"currency": "USD", "amount": "25.40"}},
        {"creditorName": "Ba\u0308ckerei Huber GmbH"},
        {"creditorAccount": {"iban": "AT611904300234573201"}},
        {"remittanceInformationUnstructured": "Invoice 43"},
        {"debtorAccount": {"iban": "DE89370400440532013000"}},
        {"creditorAgent": "EVILDEFF"},
    ],
)
def test_the_code_of_one_payment_buys_no_other(app: RelyingParty, alice: Person, change: dict[str, Any]) -> None:
    code = code_of(confirm(alice, at_payment(app, alice)).headers["Location"])
    refused = app.redeem(code, authorization_details=json.dumps([{**SMALL, **change}]))
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_authorization_details")
    assert app.redeem(code).json["authorization_details"] == [SMALL]


def test_no_event_and_no_log_line_names_payee_or_account(
    app: RelyingParty, alice: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    app.redeem(code_of(confirm(alice, at_payment(app, alice)).headers["Location"]))
    app.push(authorization_details=json.dumps([{**SMALL, "instructedAmount": {"currency": "EUR", "amount": "1e+9"}}]))
    captured = capsys.readouterr()
    told = f"{app.deployment.events}{captured.out}{captured.err}"
    assert "payment.approved" in told
    assert not [word for word in ("Huber", "DE89", "Invoice", "25.40", "1e+9") if word in told]
