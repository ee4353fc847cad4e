"""A person approves payments to come: the limits and the payee are what they see, what they sign, and what lasts."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from authserver.banking.evidence import dump_evidence
from authserver.banking.verify import verify_proof
from authserver.db.tables.authorization import pushed_requests
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.payment_pages import (
    approvals,
    approve_with,
    at_payment,
    confirm,
    payment_url,
    register_paying_app,
    shown_text,
)
from tests.support.payment_proofs import MANDATE, PAYMENT
from tests.support.person import HIDDEN, Person, code_of
from tests.support.relying_party import RelyingParty, answer_of

_DAY = 86_400


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """An app that may ask for payments to come."""
    return register_paying_app(deployment)


@pytest.fixture
def key(app: RelyingParty) -> SoftwareKey:
    """Alice's passkey."""
    return enrol_passkey(app.deployment, "alice")


def _allow(app: RelyingParty, alice: Person, key: SoftwareKey, **changes: object) -> Any:  # noqa: ANN401 - JSON
    way_out = approve_with(alice, at_payment(app, alice, MANDATE, **changes), key)
    reply = app.redeem(code_of(way_out.headers["Location"]))
    assert reply.status_code == 200, reply.text
    return reply.json


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2", "WEBAUTHN-7.2")
def test_limits_are_approved_with_a_passkey_and_the_proof_holds_without_the_server(
    app: RelyingParty, alice: Person, key: SoftwareKey
) -> None:
    page = at_payment(app, alice, MANDATE)
    assert shown_text(page).startswith(
        "Each time at most: €50.00\nTo: Power and Light\nIn one month at most: €120.00\n"
    )
    assert "Confirm payments of up to €50.00" in page.text
    assert "This one payment, once" not in page.text

    answer = approve_with(alice, page, key)

    assert app.redeem(code_of(answer.headers["Location"])).json["authorization_details"] == [MANDATE]
    [evidence] = approvals(app.deployment)
    assert (evidence.payment, evidence.text, evidence.linked) == (MANDATE, shown_text(page), True)
    proof = dump_evidence(evidence)
    assert verify_proof(proof.encode())
    for before, after in (("50.00", "50.01"), ("120.00", "120.01"), ("2030-01-31", "2030-02-01"), ("Light", "Lights")):
        assert not verify_proof(proof.replace(before, after).encode())
    assert "/consent" not in alice.pages


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-16.1")
def test_however_small_each_payment_is_a_code_is_not_enough(app: RelyingParty, alice: Person) -> None:
    cents = {"currency": "EUR", "amount": "0.01"}
    tiny = {**MANDATE, "maximumIndividualAmount": cents, "periodicLimit": {"period": "year", "amount": cents}}
    page = at_payment(app, alice, tiny)
    assert "These payments need a passkey" in page.text
    assert 'name="totp"' not in page.text

    assert confirm(alice, page).status_code == 400
    answer = alice.submit(page.request.full_path, page, decision="cancel")

    assert answer_of(answer.headers["Location"])["error"] == "unmet_authentication_requirements"
    assert not approvals(app.deployment)


@pytest.mark.spec("RTS-SCA-5.1", "RTS-SCA-5.2")
@pytest.mark.parametrize(
    ("before", "after"),
    [("50.00", "50.01"), ("120.00", "120.01"), ('"month"', '"year"'), ("2030-01-31", "2031-01-31"), ("Power", "Bower")],
)
def test_limits_that_changed_since_they_were_shown_are_void(
    app: RelyingParty, alice: Person, key: SoftwareKey, before: str, after: str
) -> None:
    page = at_payment(app, alice, MANDATE)
    with app.deployment.database.transaction() as connection:
        for row in list(connection.execute(select(pushed_requests.c.request_uri_hash, pushed_requests.c.request))):
            changed = row.request.replace(before, after)
            assert changed != row.request
            connection.execute(update(pushed_requests).values(request=changed))

    answer = approve_with(alice, page, key)

    assert answer_of(answer.headers["Location"])["error"] == "access_denied"
    assert "payment.voided" in app.deployment.event_names()
    assert not approvals(app.deployment)


@pytest.mark.spec("RTS-SCA-5.1")
def test_a_signature_for_one_payment_allows_no_limits(app: RelyingParty, alice: Person, key: SoftwareKey) -> None:
    other = at_payment(app, alice, {**PAYMENT, "creditorName": MANDATE["creditorName"]})
    page = at_payment(app, alice, MANDATE)
    taken = {"ceremony": dict(HIDDEN.findall(other.text))["ceremony"], "credential": key.sign(options_on(other))}

    refused = alice.submit(page.request.full_path, page, decision="approve", **taken)

    assert refused.status_code == 400
    assert not approvals(app.deployment)


@pytest.mark.spec("RFC9396-6", "RTS-SCA-5.1")
def test_what_was_approved_lasts_and_is_renewed_until_its_end(
    app: RelyingParty, alice: Person, key: SoftwareKey
) -> None:
    tokens = _allow(app, alice, key)
    assert tokens["expires_in"] == 300
    app.deployment.wait(_DAY)
    again = app.refresh(tokens["refresh_token"]).json
    assert again["authorization_details"] == [MANDATE]
    more = {**MANDATE, "maximumIndividualAmount": {"currency": "EUR", "amount": "50.01"}}
    refused = app.refresh(again["refresh_token"], authorization_details=json.dumps([more]))
    assert refused.json["error"] == "invalid_authorization_details"


def test_the_page_tells_when_the_app_must_ask_again(app: RelyingParty, alice: Person) -> None:
    assert "You are asked again" in at_payment(app, alice, MANDATE).text
    soon = datetime.fromtimestamp(app.deployment.now + 7 * _DAY, UTC).date().isoformat()
    assert "You are asked again" not in at_payment(app, alice, {**MANDATE, "validUntil": soon}).text


@pytest.mark.spec("RTS-SCA-5.1", "RFC8707-2.2")
def test_it_allows_nothing_that_was_not_on_the_page(app: RelyingParty, alice: Person, key: SoftwareKey) -> None:
    _allow(app, alice, key, scope="openid payments")
    assert alice.open(app.authorization_url(scope="openid payments")).request.path == "/consent"


def test_a_person_finds_it_among_connected_apps_and_stops_it_there(
    app: RelyingParty, alice: Person, key: SoftwareKey
) -> None:
    tokens = _allow(app, alice, key)
    shown = alice.open("/account/apps")
    assert "Power and Light" in shown.text
    activity = alice.open("/account/activity").text
    assert "You confirmed future payments, up to this amount each" in activity
    assert "€50.00 · Power and Light" in activity

    page = alice.open(f"/account/apps?stop={app.client_id}")
    alice.submit(page.request.full_path, page)

    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_who_asks_for_more_than_payments_to_come_must_ask_for_that_as_well(
    app: RelyingParty, alice: Person, key: SoftwareKey
) -> None:
    consent = approve_with(alice, at_payment(app, alice, MANDATE, scope="openid accounts"), key)
    assert consent.request.path == "/consent"
    assert "make payments for you" in consent.text
    assert code_of(alice.decide(consent, "approve").headers["Location"])


@pytest.mark.spec("OIDCC-3.1.2.6")
def test_no_limits_are_approved_in_silence(app: RelyingParty, alice: Person, key: SoftwareKey) -> None:
    _allow(app, alice, key)
    answer = alice.open(payment_url(app, MANDATE, prompt="none"))
    assert answer_of(answer.headers["Location"])["error"] == "interaction_required"
