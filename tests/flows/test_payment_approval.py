"""A person approves a payment: what they see, what it takes, and what comes of it."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from authserver.banking.evidence import dump_evidence
from authserver.banking.verify import verify_proof
from authserver.db.tables.authorization import pushed_requests
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
    shown_text,
)
from tests.support.payment_proofs import PAYMENT
from tests.support.person import HIDDEN, Person, code_of
from tests.support.relying_party import RelyingParty, answer_of, claims_of


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """An app that may ask for payments."""
    return register_paying_app(deployment)


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_small_payment_is_approved_with_a_code_and_the_record_says_that_it_is_not_linked(
    app: RelyingParty, alice: Person
) -> None:
    page = at_payment(app, alice)
    assert shown_text(page).startswith("Amount: €25.40\nTo: Bäckerei Huber\nTo account: DE89 3704 0044 0532 0130 00\n")
    assert "Confirm payment of €25.40" in page.text

    answer = confirm(alice, page)

    tokens = app.redeem(code_of(answer.headers["Location"])).json
    assert tokens["authorization_details"] == [SMALL]
    assert "refresh_token" not in tokens
    [evidence] = approvals(app.deployment)
    assert (evidence.text, evidence.payment, evidence.linked) == (shown_text(page), SMALL, False)
    assert json.loads(dump_evidence(evidence))["linked"] is False
    assert verify_proof(dump_evidence(evidence).encode()).failed() == ("linked",)
    assert "/consent" not in alice.pages
    assert "/login/totp" not in alice.pages


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2", "WEBAUTHN-7.2")
def test_any_payment_is_approved_with_a_passkey_and_the_proof_holds_without_the_server(
    app: RelyingParty, alice: Person
) -> None:
    key = enrol_passkey(app.deployment, "alice")
    page = at_payment(app, alice, PAYMENT)

    answer = approve_with(alice, page, key)

    tokens = app.redeem(code_of(answer.headers["Location"])).json
    claims = claims_of(tokens["id_token"])
    assert (claims["acr"], claims["auth_time"]) == ("phr", app.deployment.now)
    assert tokens["authorization_details"] == [PAYMENT]
    [evidence] = approvals(app.deployment)
    proof = dump_evidence(evidence).encode()
    verdict = verify_proof(proof)
    assert verdict, verdict.failed()
    assert (evidence.text, evidence.method, evidence.linked) == (shown_text(page), "hwk+uv", True)
    told = next(event for event in app.deployment.events if event.name == "payment.approved")
    assert told.detail == {"approval_id": evidence.approval_id, "method": "hwk+uv", "linked": "yes"}


@pytest.mark.spec("RTS-SCA-5.1")
def test_each_payment_is_approved_anew_however_fresh_the_sign_in_is(app: RelyingParty, alice: Person) -> None:
    key = enrol_passkey(app.deployment, "alice")
    for _ in range(2):
        page = at_payment(app, alice, PAYMENT)
        assert approve_with(alice, page, key).status_code == 303
    assert len(approvals(app.deployment)) == 2


@pytest.mark.spec("RTS-SCA-5.1", "OIDC-UNMET-AUTH-2")
def test_a_payment_above_the_limit_is_not_approved_with_a_code(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice, PAYMENT)
    assert "This payment needs a passkey" in page.text
    assert 'name="totp"' not in page.text

    assert confirm(alice, page).status_code == 400
    answer = alice.submit(page.request.full_path, page, decision="cancel")

    assert answer_of(answer.headers["Location"])["error"] == "unmet_authentication_requirements"
    assert not approvals(app.deployment)


def test_the_limit_is_of_its_currency_alone(app: RelyingParty, alice: Person) -> None:
    dollars = {**SMALL, "instructedAmount": {"currency": "USD", "amount": "1.00"}}
    assert "This payment needs a passkey" in at_payment(app, alice, dollars).text
    exactly = {**SMALL, "instructedAmount": {"currency": "EUR", "amount": "30.00"}}
    assert 'name="totp"' in at_payment(app, alice, exactly).text


@pytest.mark.parametrize("decision", ["deny", "cancel"])
def test_whoever_does_not_pay_has_paid_nothing(app: RelyingParty, alice: Person, decision: str) -> None:
    page = at_payment(app, alice)

    answer = alice.submit(page.request.full_path, page, decision=decision)

    assert answer_of(answer.headers["Location"])["error"] == "access_denied"
    assert not approvals(app.deployment)
    assert "payment.denied" in app.deployment.event_names()


def test_a_payment_sent_again_is_approved_once(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice)
    first = confirm(alice, page)
    app.deployment.wait(30)

    again = confirm(alice, page)

    assert code_of(first.headers["Location"])
    assert again.status_code == 400
    assert len(approvals(app.deployment)) == 1


_CHANGED = {
    "nothing": "",
    "rubbish": "rubbish",
    "too long": "00" * 5000,
    "not sealed by us": "01" + "00" * 60,
}


def _is_void(app: RelyingParty, answer: TestResponse) -> bool:
    refused = answer_of(answer.headers["Location"])["error"] == "access_denied"
    return refused and "payment.voided" in app.deployment.event_names() and not approvals(app.deployment)


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize("approval", list(_CHANGED.values()), ids=list(_CHANGED))
def test_a_changed_form_voids_the_payment(app: RelyingParty, alice: Person, approval: str) -> None:
    assert _is_void(app, confirm(alice, at_payment(app, alice), approval=approval))


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_form_of_another_payment_voids_this_one(app: RelyingParty, alice: Person) -> None:
    other = at_payment(app, alice, {**SMALL, "creditorName": "Someone Else"})
    sealed = dict(HIDDEN.findall(other.text))["approval"]
    assert _is_void(app, confirm(alice, at_payment(app, alice), approval=sealed))


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2")
@pytest.mark.parametrize(
    ("before", "after"), [("25.40", "25.41"), ("Bäckerei", "Backerei"), ("Invoice 42", "Invoice 43")]
)
def test_a_payment_that_changed_since_it_was_shown_is_void(
    app: RelyingParty, alice: Person, before: str, after: str
) -> None:
    page = at_payment(app, alice)
    with app.deployment.database.transaction() as connection:
        for row in list(connection.execute(select(pushed_requests.c.request_uri_hash, pushed_requests.c.request))):
            changed = json.loads(row.request.replace(json.dumps(before)[1:-1], json.dumps(after)[1:-1]))
            assert changed != json.loads(row.request)
            connection.execute(update(pushed_requests).values(request=json.dumps(changed)))
    assert _is_void(app, confirm(alice, page))


def test_a_page_that_was_open_too_long_shows_the_payment_again(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice)
    for _ in range(5):
        app.deployment.wait(60)
        at_payment(app, alice)  # else the session would have ended, too
    late = confirm(alice, page)
    assert late.status_code == 400
    assert "open for too long" in late.text
    assert confirm(alice, late).status_code == 303


@pytest.mark.spec("RTS-SCA-5.1", "WEBAUTHN-7.2")
@pytest.mark.parametrize(
    "changes",
    [{"type": "webauthn.create"}, {"crossOrigin": True}, {"challenge": "AAAA"}, {"origin": "https://evil.example"}],
    ids=str,
)
def test_what_a_passkey_signed_otherwise_approves_nothing(
    app: RelyingParty, alice: Person, changes: dict[str, Any]
) -> None:
    key = enrol_passkey(app.deployment, "alice")
    page = at_payment(app, alice, PAYMENT)

    refused = alice.submit(
        page.request.full_path, page, decision="approve", credential=key.sign(options_on(page), **changes)
    )

    assert refused.status_code == 400
    assert "That did not work" in refused.text
    assert not approvals(app.deployment)
    assert approve_with(alice, refused, key).status_code == 303


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_signature_for_another_showing_approves_nothing(app: RelyingParty, alice: Person) -> None:
    key = enrol_passkey(app.deployment, "alice")
    other = at_payment(app, alice, {**PAYMENT, "creditorName": "Someone Else"})
    page = at_payment(app, alice, PAYMENT)
    taken = {"ceremony": dict(HIDDEN.findall(other.text))["ceremony"], "credential": key.sign(options_on(other))}

    refused = alice.submit(page.request.full_path, page, decision="approve", **taken)

    assert refused.status_code == 400
    assert not approvals(app.deployment)


@pytest.mark.spec("RTS-SCA-4.1")
def test_a_passkey_that_did_not_verify_its_user_approves_nothing(app: RelyingParty, alice: Person) -> None:
    key = enrol_passkey(app.deployment, "alice")
    key.verifies = False
    refused = approve_with(alice, at_payment(app, alice, PAYMENT), key)
    assert refused.status_code == 400
    assert not approvals(app.deployment)


@pytest.mark.spec("RTS-SCA-4.3")
def test_wrong_codes_are_counted_and_then_no_code_is_looked_at(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice)
    for _ in range(5):
        page = confirm(alice, page, totp="000000")
        assert page.status_code == 400
    assert "paused" in page.text

    blocked = confirm(alice, page)

    assert blocked.status_code == 400
    assert not approvals(app.deployment)
    app.deployment.wait(90)
    assert confirm(alice, blocked).status_code == 303


def test_a_code_is_good_for_one_payment(app: RelyingParty, alice: Person) -> None:
    assert confirm(alice, at_payment(app, alice)).status_code == 303
    page = at_payment(app, alice)
    assert confirm(alice, page).status_code == 400
    app.deployment.wait(30)
    assert confirm(alice, page).status_code == 303


def test_a_person_with_both_may_take_the_code_for_a_small_payment_alone(app: RelyingParty, alice: Person) -> None:
    enrol_passkey(app.deployment, "alice")
    page = at_payment(app, alice)
    assert "data-passkey" in page.text
    by_code = alice.open(page.request.full_path + "&way=otp")
    assert 'name="totp"' in by_code.text
    assert confirm(alice, by_code).status_code == 303
    large = at_payment(app, alice, PAYMENT)
    assert 'name="totp"' not in alice.open(large.request.full_path + "&way=otp").text


def test_who_asks_for_more_than_a_payment_must_ask_for_that_as_well(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice, scope="openid accounts")
    assert "asks for more than this payment" in page.text
    assert "Step 2 of 3" in page.text
    consent = confirm(alice, page)
    assert consent.request.path == "/consent"
    assert len(approvals(app.deployment)) == 1
    assert code_of(alice.decide(consent, "approve").headers["Location"])


@pytest.mark.spec("OIDCC-3.1.2.6")
def test_no_payment_is_approved_in_silence(app: RelyingParty, alice: Person) -> None:
    confirm(alice, at_payment(app, alice))
    answer = alice.open(payment_url(app, prompt="none"))
    assert answer_of(answer.headers["Location"])["error"] == "interaction_required"


def test_nobody_approves_who_is_not_signed_in_or_has_no_payment_before_them(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice)
    alice.browser.delete_cookie("__Host-session", domain="localhost")
    assert alice.open(page.request.full_path).request.path == "/login"
    assert confirm(alice, page).request.path == "/login"
    plain = alice.open(app.authorization_url(scope="openid"))
    assert alice.open(plain.request.full_path.replace("/login?", "/approve?")).request.path == "/login"


def test_a_form_from_elsewhere_is_not_heard(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice)
    assert confirm(alice, page, csrf_token="").status_code == 400
    assert confirm(alice, page, decision="").status_code == 400
    assert not approvals(app.deployment)


@pytest.mark.parametrize(("language", "first"), [("de", "Betrag: 25,40\u00a0€"), ("fr", "Montant: 25,40\u00a0€")])
def test_the_text_is_in_the_language_of_the_page(app: RelyingParty, alice: Person, language: str, first: str) -> None:
    page = at_payment(app, alice, ui_locales=language)
    assert shown_text(page).splitlines()[0] == first
    assert confirm(alice, page).status_code == 303
    [evidence] = approvals(app.deployment)
    assert (evidence.language, evidence.text) == (language, shown_text(page))


def test_an_approval_is_no_consent_to_anything_later(app: RelyingParty, alice: Person) -> None:
    confirm(alice, at_payment(app, alice, scope="openid payments"))
    assert alice.open(app.authorization_url(scope="openid payments")).request.path == "/consent"


_CREDENTIALS = [
    "",
    "{}",
    "[]",
    "null",
    "7",
    '"text"',
    "{" * 5000,
    '{"id": 1}',
    '{"response": []}',
    "\ud7ff",
    "A" * 60_000,
]


@pytest.mark.parametrize("credential", _CREDENTIALS, ids=lambda text: text[:12])
def test_a_hostile_answer_of_a_browser_approves_nothing(app: RelyingParty, alice: Person, credential: str) -> None:
    enrol_passkey(app.deployment, "alice")
    page = at_payment(app, alice, PAYMENT)
    answer = alice.submit(page.request.full_path, page, decision="approve", credential=credential)
    assert (answer.status_code, "That did not work" in answer.text) == (400, True)
    assert not approvals(app.deployment)


@pytest.mark.parametrize(
    "code", ["", " ", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "1" * 1000]
)
def test_a_hostile_code_approves_nothing(app: RelyingParty, alice: Person, code: str) -> None:
    answer = confirm(alice, at_payment(app, alice), totp=code)
    assert (answer.status_code, "That did not work" in answer.text) == (400, True)
    assert not approvals(app.deployment)


def test_a_payment_for_a_person_with_a_password_alone_leads_to_enrolment_first(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    page = bob.sign_in(bob.open(payment_url(app)))
    assert page.request.path != "/approve"
    assert not approvals(app.deployment)
