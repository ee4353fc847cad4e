"""Which account a payment is made from: shown, chosen by the person, signed, and told to the app and the bank."""

import html
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from authserver.banking.evidence import dump_evidence
from authserver.banking.verify import verify_proof
from authserver.events.store import find_recent
from tests.support.deployment import CLAIMS, Deployment
from tests.support.details import ACCOUNTS, BANK_ACCOUNTS, CURRENT, RECURRING, SAVINGS, STRANGERS, text_of
from tests.support.passkeys import enrol_passkey
from tests.support.payment_pages import approvals, approve_with, at_payment, confirm, register_paying_app, shown_text
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, answer_of

PAYMENT: dict[str, Any] = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "25.40"},
    "creditorName": "Bakery",
    "creditorAccount": {"iban": STRANGERS},
}
_INSTEAD = re.compile(r'<a href="([^"]*)"><span>Pay from')


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """An app that may ask for payments."""
    return register_paying_app(deployment)


def _person(deployment: Deployment, *accounts: dict[str, str]) -> Person:
    deployment.add_person("carol", totp=True, claims={**CLAIMS, "bank_accounts": list(accounts)})
    return Person(deployment, "carol")


def _line(page: TestResponse) -> str:
    return next(line for line in shown_text(page).splitlines() if line.startswith("From account: "))


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-7.1")
@pytest.mark.parametrize("payment", [PAYMENT, RECURRING], ids=["one payment", "payments to come"])
def test_the_person_chooses_and_what_they_chose_is_signed_and_granted(
    app: RelyingParty, payment: dict[str, Any]
) -> None:
    carol = _person(app.deployment, *BANK_ACCOUNTS)
    key = enrol_passkey(app.deployment, "carol")
    first = at_payment(app, carol, payment)
    assert _line(first) == "From account: AT61 1904 3002 3457 3201"
    [other] = _INSTEAD.findall(first.text)

    chosen = carol.open(html.unescape(other))
    assert _line(chosen) == "From account: DE89 3704 0044 0532 0130 00"
    tokens = app.redeem(code_of(approve_with(carol, chosen, key).headers["Location"])).json

    paid = {**payment, "debtorAccount": {"iban": SAVINGS}}
    assert tokens["authorization_details"] == [paid]
    [evidence] = approvals(app.deployment)
    assert (evidence.payment, evidence.text) == (paid, shown_text(chosen))
    assert verify_proof(dump_evidence(evidence).encode())
    if "refresh_token" in tokens:
        again = app.refresh(tokens["refresh_token"], authorization_details=text_of(payment))
        assert again.json["authorization_details"] == [paid], "asked for as it was asked for first"


@pytest.mark.spec("RTS-SCA-5.1")
def test_an_approval_of_one_account_is_none_of_another(app: RelyingParty) -> None:
    carol = _person(app.deployment, *BANK_ACCOUNTS)
    key = enrol_passkey(app.deployment, "carol")
    first = at_payment(app, carol, PAYMENT)
    [other] = _INSTEAD.findall(first.text)
    first.request.full_path = html.unescape(other)  # its form, sent to the other's address
    answer = approve_with(carol, first, key)
    assert answer_of(answer.headers["Location"])["error"] == "access_denied"
    assert not approvals(app.deployment)


def test_one_account_is_shown_and_nothing_is_to_be_chosen(app: RelyingParty) -> None:
    page = at_payment(app, _person(app.deployment, BANK_ACCOUNTS[0]), PAYMENT)
    assert _line(page) == "From account: AT61 1904 3002 3457 3201"
    assert "Which account pays?" not in page.text


def test_where_no_account_is_known_the_bank_chooses_and_the_text_says_so(app: RelyingParty, alice: Person) -> None:
    page = at_payment(app, alice, PAYMENT)
    assert _line(page) == "From account: chosen by your bank"
    assert "Which account pays?" not in page.text
    confirm(alice, page)
    [evidence] = approvals(app.deployment)
    assert "debtorAccount" not in evidence.payment


def test_the_account_that_the_app_names_is_shown_and_not_chosen(app: RelyingParty) -> None:
    page = at_payment(app, _person(app.deployment, *BANK_ACCOUNTS), {**PAYMENT, "debtorAccount": {"iban": SAVINGS}})
    assert _line(page) == "From account: DE89 3704 0044 0532 0130 00"
    assert "Which account pays?" not in page.text


def test_a_payment_from_somebody_else_s_account_cannot_be_confirmed(app: RelyingParty) -> None:
    carol = _person(app.deployment, BANK_ACCOUNTS[0])
    page = at_payment(app, carol, {**PAYMENT, "debtorAccount": {"iban": SAVINGS}})
    assert "You have no such account" in page.text
    assert 'id="approve"' not in page.text
    assert "needs a passkey" not in page.text
    assert confirm(carol, page).status_code == 400
    answer = carol.submit(page.request.full_path, page, decision="cancel")
    assert answer_of(answer.headers["Location"])["error"] == "access_denied"
    assert not approvals(app.deployment)


@pytest.mark.parametrize("wanted", ["2", "99", "-1", "x", "", "1" * 50, "1e0"])
def test_a_place_that_there_is_not_is_the_first(app: RelyingParty, wanted: str) -> None:
    carol = _person(app.deployment, *BANK_ACCOUNTS)
    page = at_payment(app, carol, PAYMENT)
    assert _line(carol.open(f"{page.request.full_path}&account={wanted}")) == "From account: AT61 1904 3002 3457 3201"


@pytest.mark.spec("RFC9396-7.1")
def test_a_permission_that_follows_shows_and_grants_the_account_that_was_chosen(app: RelyingParty) -> None:
    carol = _person(app.deployment, *BANK_ACCOUNTS)
    page = at_payment(app, carol, authorization_details=text_of(PAYMENT, ACCOUNTS))
    [other] = _INSTEAD.findall(page.text)
    chosen = carol.open(html.unescape(other))
    consent = confirm(carol, chosen)
    assert consent.request.path == "/consent"
    assert "DE89 3704 0044 0532 0130 00" in consent.text.partition("Which accounts?")[0]
    fields = {"decision": "approve", "accounts-1": CURRENT}
    done = carol.submit(consent.request.full_path, consent, **fields)
    [paid, seen] = app.redeem(code_of(done.headers["Location"])).json["authorization_details"]
    assert paid == {**PAYMENT, "debtorAccount": {"iban": SAVINGS}}
    assert seen["accounts"] == [{"iban": CURRENT}]


_ACTS = [
    (["cancel"], "cancel this payment", "Allow Tiny Ledger to cancel this payment?", "payment_cancelled"),
    (["status"], "see the state of this payment", "Allow Tiny Ledger to see the state", "payment_shown"),
    (["initiate"], "make this payment", "Confirm this payment?", "payment_approved"),
]


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-2.2")
@pytest.mark.parametrize(("actions", "act", "question", "activity"), _ACTS, ids=["cancel", "status", "initiate"])
def test_what_is_done_stands_on_the_page_in_the_proof_and_in_the_activity(
    app: RelyingParty, actions: list[str], act: str, question: str, activity: str
) -> None:
    carol = _person(app.deployment, *BANK_ACCOUNTS)
    key = enrol_passkey(app.deployment, "carol")
    page = at_payment(app, carol, {**PAYMENT, "actions": actions})
    assert f"The app may: {act}" in shown_text(page)
    assert question in page.text
    pays = "initiate" in actions
    assert ("Confirm payment of" in page.text) is pays
    assert ("Which account pays?" in page.text) is pays
    approve_with(carol, page, key)
    [evidence] = approvals(app.deployment)
    assert evidence.text.endswith(f"The app may: {act}")
    assert verify_proof(dump_evidence(evidence).encode())
    with app.deployment.database.read() as connection:
        recent = find_recent(connection, evidence.subject, app.deployment.now, 10)
    names = [each.name for each in recent]
    assert activity in names


@pytest.mark.spec("RFC9396-6", "RFC9396-6.1")
def test_no_action_that_was_not_approved_is_asked_for_at_the_token_endpoint(app: RelyingParty) -> None:
    carol = _person(app.deployment, *BANK_ACCOUNTS)
    key = enrol_passkey(app.deployment, "carol")
    page = at_payment(app, carol, RECURRING)
    code = code_of(approve_with(carol, page, key).headers["Location"])
    asked = app.redeem(code, authorization_details=text_of({**RECURRING, "actions": ["cancel"]}))
    assert asked.json["error"] == "invalid_authorization_details"
