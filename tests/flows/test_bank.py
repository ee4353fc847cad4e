"""The sample bank: the payment that was approved and no other, once; the accounts that were chosen and no others."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.authority import NOW
from tests.support.races import THREADS, at_once
from tests.support.sample_bank import EVERYDAY, SAVINGS, Ask, Said, open_bank

ORDER: dict[str, Any] = {
    "instructedAmount": {"currency": "EUR", "amount": "125.40"},
    "creditorName": "Bäckerei Huber",
    "creditorAccount": {"iban": "DE89370400440532013000"},
}
PAYMENT = {"type": "payment_initiation", **ORDER}
CHOSEN = {
    "type": "account_information",
    "actions": ["list_accounts", "read_balances"],
    "accounts": [{"iban": SAVINGS.iban}],
}
FUNDS = {"type": "funds_confirmation", "account": {"iban": EVERYDAY.iban}}


@pytest.fixture
def said() -> Said:
    """What the issuer says."""
    return Said()


@pytest.fixture
def ask(said: Said, tmp_path: Path) -> Ask:
    """Asks the bank for something with a token."""
    return open_bank(said, tmp_path)


@pytest.mark.spec("RFC9396-9")
def test_the_approved_payment_is_made_once(said: Said, ask: Ask) -> None:
    said.more = {"authorization_details": [PAYMENT], "scope": "payments"}
    made = ask("POST", "/payments", json=ORDER)
    assert made.status_code == 201
    assert {name: made.json[name] for name in ORDER} == ORDER
    again = ask("POST", "/payments", json=ORDER)
    assert (again.status_code, again.json["error"]) == (401, "invalid_token")
    assert ask("GET", "/payments").json["payments"] == [made.json]
    assert ask("GET", f"/payments/{made.json['paymentId']}").json == made.json


def test_an_app_sees_no_payment_that_another_app_asked_for(said: Said, ask: Ask) -> None:
    said.more = {"authorization_details": [PAYMENT], "scope": "payments"}
    made = ask("POST", "/payments", json=ORDER).json
    said.more = {"client_id": "another-app", "scope": "payments"}
    assert ask("GET", "/payments").json == {"payments": []}
    assert ask("GET", f"/payments/{made['paymentId']}").status_code == 404


def test_a_body_without_end_is_refused_and_costs_nothing(said: Said, ask: Ask) -> None:
    said.more = {"authorization_details": [PAYMENT, FUNDS]}
    for depth in (300, 600, 7_000):
        for deep in ("[" * depth + "]" * depth, '{"account":' * depth + "1" + "}" * depth):
            body = '{"instructedAmount":{"currency":"EUR","amount":"1.00"},"account":' + deep + "}"
            for path in ("/payments", "/funds-confirmations"):
                answer = ask("POST", path, data=body, content_type="application/json")
                assert answer.status_code in {400, 403}
    assert ask("POST", "/payments", json=ORDER).status_code == 201


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize(
    "change",
    [
        {"instructedAmount": {"currency": "EUR", "amount": "125.41"}},
        {"creditorName": "Someone else"},
        {"creditorAccount": {"iban": "AT611904300234573201"}},
        {"debtorAccount": {"iban": EVERYDAY.iban}},
    ],
)
def test_another_payment_is_refused_and_costs_the_approved_one_nothing(
    said: Said, ask: Ask, change: dict[str, object]
) -> None:
    said.more = {"authorization_details": [PAYMENT], "scope": "payments"}
    refused = ask("POST", "/payments", json={**ORDER, **change})
    assert (refused.status_code, refused.json["error"]) == (403, "not_approved")
    assert ask("GET", "/payments").json == {"payments": []}
    assert ask("POST", "/payments", json=ORDER).status_code == 201


@pytest.mark.parametrize("body", [{"data": b"no JSON"}, {"json": []}, {"json": "text"}, {}], ids=repr)
def test_a_body_that_is_no_order_is_refused(said: Said, ask: Ask, body: dict[str, Any]) -> None:
    said.more = {"authorization_details": [PAYMENT]}
    assert ask("POST", "/payments", **body).status_code == 400


def test_a_payment_from_an_account_of_someone_else_is_refused(said: Said, ask: Ask) -> None:
    foreign = {"debtorAccount": {"iban": "GB29NWBK60161331926819"}}
    said.more = {"authorization_details": [{**PAYMENT, **foreign}]}
    assert ask("POST", "/payments", json={**ORDER, **foreign}).status_code == 400
    own = {"debtorAccount": {"iban": EVERYDAY.iban}}
    said.more = {"authorization_details": [{**PAYMENT, **own}]}
    assert ask("POST", "/payments", json={**ORDER, **own}).status_code == 201


@pytest.mark.spec("RFC9396-9")
def test_a_scope_alone_pays_nothing(said: Said, ask: Ask) -> None:
    said.more = {"scope": "payments"}
    refused = ask("POST", "/payments", json=ORDER)
    assert (refused.status_code, refused.json["error"]) == (403, "insufficient_scope")


def test_of_many_orders_at_once_one_is_carried_out(said: Said, ask: Ask) -> None:
    said.more = {"authorization_details": [PAYMENT], "scope": "payments"}
    answers = at_once([partial(ask, "POST", "/payments", json=ORDER)] * THREADS)
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * (THREADS - 1)
    assert len(ask("GET", "/payments").json["payments"]) == 1


@pytest.mark.spec("RFC9396-9")
def test_only_the_chosen_accounts_are_shown_and_only_what_was_allowed_of_them(said: Said, ask: Ask) -> None:
    said.more = {"scope": "accounts"}
    assert [account["accountId"] for account in ask("GET", "/accounts").json["accounts"]] == ["everyday", "savings"]
    said.more = {"scope": "accounts", "authorization_details": [CHOSEN], "auth_time": NOW}
    assert ask("GET", "/accounts").json == {"accounts": [SAVINGS.describe()]}
    assert ask("GET", "/accounts/savings").json["balance"] == {"amount": "5000.00", "currency": "EUR"}
    assert ask("GET", "/accounts/everyday").status_code == 404
    assert ask("GET", "/accounts/savings/transactions").status_code == 404
    said.more = {"authorization_details": [{**CHOSEN, "actions": ["list_accounts"]}]}
    assert "balance" not in ask("GET", "/accounts/savings").json


@pytest.mark.parametrize("more", [{}, {"scope": "payments"}, {"authorization_details": [FUNDS]}])
def test_accounts_need_the_scope_or_details(said: Said, ask: Ask, more: dict[str, object]) -> None:
    said.more = more
    refused = ask("GET", "/accounts")
    assert (refused.status_code, refused.json["error"]) == (403, "insufficient_scope")


@pytest.mark.spec("RFC9470-3")
@pytest.mark.parametrize(
    ("path", "more", "wanted"),
    [
        ("/accounts/everyday/transactions", {"auth_time": NOW - 121}, 'max_age="120"'),
        ("/accounts/everyday/transactions", {"auth_time": NOW - 120}, ""),
        ("/accounts/everyday/card", {"acr": "urn:openbanking:psd2:sca"}, 'acr_values="phr"'),
        ("/accounts/everyday/card", {"acr": "phr"}, ""),
    ],
)
def test_what_is_sensitive_wants_a_better_sign_in(
    said: Said, ask: Ask, path: str, more: dict[str, object], wanted: str
) -> None:
    said.more = {"scope": "accounts", **more}
    answer = ask("GET", path)
    assert answer.status_code == (401 if wanted else 200)
    assert wanted in answer.headers.get("WWW-Authenticate", "")


@pytest.mark.spec("RFC9396-9")
def test_funds_are_confirmed_for_the_account_that_was_named_and_no_more_is_told(said: Said, ask: Ask) -> None:
    said.more = {"authorization_details": [FUNDS]}

    def confirmed(amount: str, iban: str = EVERYDAY.iban) -> Any:  # noqa: ANN401 - as ask answers
        body = {"account": {"iban": iban}, "instructedAmount": {"currency": "EUR", "amount": amount}}
        return ask("POST", "/funds-confirmations", json=body)

    assert confirmed("100.00").json == {"fundsAvailable": True}
    assert confirmed("100.01").json == {"fundsAvailable": False}
    assert confirmed("100.00", SAVINGS.iban).status_code == 403
    assert confirmed("1e2").status_code == 400
    assert ask("POST", "/funds-confirmations", data=b"no JSON").status_code == 400
    said.more = {"scope": "accounts"}
    assert confirmed("100.00").status_code == 403
