"""The sample bank pays within the limits that were approved, and not a cent beyond them."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.guarded_api import ORIGIN
from tests.support.races import THREADS, at_once
from tests.support.sample_bank import EVERYDAY, Ask, Said, open_bank

ORDER: dict[str, Any] = {
    "instructedAmount": {"currency": "EUR", "amount": "40.00"},
    "creditorName": "Power and Light",
    "creditorAccount": {"iban": "DE89370400440532013000"},
}
MANDATE: dict[str, Any] = {
    "type": "variable_recurring_payment",
    "maximumIndividualAmount": {"currency": "EUR", "amount": "50.00"},
    "periodicLimit": {"period": "month", "amount": {"currency": "EUR", "amount": "120.00"}},
    "validUntil": "2030-01-31",
    **{name: ORDER[name] for name in ("creditorName", "creditorAccount")},
}


def moment(text: str) -> int:
    """Return a moment in UTC, in seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.fixture
def said() -> Said:
    """What the issuer says: limits that alice approved, on a day in the middle of their time."""
    found = Said()
    found.now = moment("2029-12-15T12:00")
    found.more = {"authorization_details": [MANDATE]}
    return found


@pytest.fixture
def ask(said: Said, tmp_path: Path) -> Ask:
    """Asks the bank for something with a token."""
    return open_bank(said, tmp_path)


def pay(ask: Ask, amount: str, **change: object) -> Any:  # noqa: ANN401 - as ask answers
    """Order one payment."""
    order = {**ORDER, "instructedAmount": {"currency": "EUR", "amount": amount}, **change}
    return ask("POST", "/recurring-payments", json=order)


def left(ask: Ask) -> str:
    """Return what may still be paid in this period."""
    period: dict[str, Any] = ask("GET", "/recurring-payments").json["period"]
    return str(period["left"]["amount"])


def is_beyond(answer: Any, member: str) -> bool:  # noqa: ANN401 - as ask answers
    """Return whether a payment was refused as the standards have it, naming what it goes beyond."""
    told = answer.json["error_description"]
    challenge = answer.headers["WWW-Authenticate"]
    is_standard: bool = (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")
    return is_standard and member in told and told in challenge


@pytest.mark.spec("RFC9396-9")
def test_payments_within_the_limits_are_made_one_after_another(said: Said, ask: Ask) -> None:
    first, second = pay(ask, "50.00"), pay(ask, "0.01")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["creditorName"] == "Power and Light"
    assert second.json["period"] == {
        "firstDay": "2029-12-01",
        "lastDay": "2029-12-31",
        "paid": {"currency": "EUR", "amount": "50.01"},
        "left": {"currency": "EUR", "amount": "69.99"},
    }
    assert ask("GET", "/recurring-payments").json["period"] == second.json["period"]
    said.more |= {"scope": "payments"}
    assert len(ask("GET", "/payments").json["payments"]) == 2


@pytest.mark.spec("RFC9396-9", "RFC6750-3.1")
def test_a_payment_above_the_most_for_each_is_refused_and_counts_nothing(ask: Ask) -> None:
    assert is_beyond(pay(ask, "50.01"), "maximumIndividualAmount 50.00 EUR")
    assert left(ask) == "120.00"


@pytest.mark.spec("RFC9396-9", "RFC6750-3.1")
def test_payments_beyond_the_period_are_refused_to_the_cent_and_the_next_period_begins_anew(
    said: Said, ask: Ask
) -> None:
    assert [pay(ask, "50.00").status_code for _ in range(2)] == [201, 201]
    assert is_beyond(pay(ask, "20.01"), "periodicLimit, of which 20.00 EUR are left until 2029-12-31")
    assert pay(ask, "20.00").status_code == 201
    assert is_beyond(pay(ask, "0.01"), "periodicLimit, of which 0.00 EUR are left")
    said.now = moment("2029-12-31T23:59:59")
    assert left(ask) == "0.00"
    said.now += 1
    assert left(ask) == "120.00"
    assert pay(ask, "50.00").status_code == 201


@pytest.mark.parametrize(
    ("period", "first_day", "last_day"),
    [
        ("day", "2029-12-15", "2029-12-15"),
        ("week", "2029-12-10", "2029-12-16"),
        ("month", "2029-12-01", "2029-12-31"),
        ("year", "2029-01-01", "2029-12-31"),
    ],
)
def test_a_period_is_one_of_the_calendar(said: Said, ask: Ask, period: str, first_day: str, last_day: str) -> None:
    limit = {**MANDATE["periodicLimit"], "period": period}
    said.more = {"authorization_details": [{**MANDATE, "periodicLimit": limit}]}
    shown = ask("GET", "/recurring-payments").json["period"]
    assert (shown["firstDay"], shown["lastDay"]) == (first_day, last_day)


@pytest.mark.spec("RFC9396-9", "RFC6750-3.1")
def test_a_limit_for_a_period_holds_for_one_payment_too(said: Said, ask: Ask) -> None:
    limit = {"period": "day", "amount": {"currency": "EUR", "amount": "30.00"}}
    said.more = {"authorization_details": [{**MANDATE, "periodicLimit": limit}]}
    assert is_beyond(pay(ask, "30.01"), "periodicLimit, of which 30.00 EUR are left")
    assert pay(ask, "30.00").status_code == 201


@pytest.mark.spec("RFC9396-9")
def test_the_last_day_is_the_last(said: Said, ask: Ask) -> None:
    said.now = moment("2030-01-31T23:59:59")
    assert pay(ask, "1.00").status_code == 201
    said.now += 1
    assert is_beyond(pay(ask, "1.00"), "validUntil 2030-01-31")


@pytest.mark.spec("RFC9396-9", "RTS-SCA-5.1")
@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"creditorName": "Mallory"}, "creditorName"),
        ({"creditorAccount": {"iban": "AT611904300234573201"}}, "creditorAccount"),
        ({"creditorAccount": {"iban": "DE89370400440532013000", "more": "x"}}, "creditorAccount"),
        ({"debtorAccount": {"iban": EVERYDAY.iban}}, "a member that is not part of it"),
        ({"remittanceInformationUnstructured": "Gift"}, "a member that is not part of it"),
        ({'\u00e4"': "x"}, "a member that is not part of it"),
        ({"validUntil": "2099-01-01"}, "a member that is not part of it"),
    ],
    ids=str,
)
def test_another_payee_or_another_account_is_refused(ask: Ask, change: dict[str, object], member: str) -> None:
    assert is_beyond(pay(ask, "1.00", **change), member)
    assert left(ask) == "120.00"


@pytest.mark.parametrize(
    "body",
    [
        {"data": b"no JSON"},
        {"json": []},
        {"json": None},
        {"json": {**ORDER, "instructedAmount": {"currency": "EUR", "amount": "1e1"}}},
        {"json": {**ORDER, "instructedAmount": {"currency": "EUR", "amount": "-1.00"}}},
        {"json": {**ORDER, "instructedAmount": {"currency": "EUR", "amount": 1}}},
        {"json": {**ORDER, "instructedAmount": {"currency": "USD", "amount": "1.00"}}},
        {"json": {name: ORDER[name] for name in ("creditorName", "creditorAccount")}},
        {},
    ],
    ids=str,
)
def test_what_is_no_order_is_refused(ask: Ask, body: dict[str, Any]) -> None:
    refused = ask("POST", "/recurring-payments", **body)
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request")
    assert left(ask) == "120.00"


def test_limits_in_another_currency_are_of_no_use_at_this_bank(said: Said, ask: Ask) -> None:
    pounds = {"currency": "GBP", "amount": "50.00"}
    limits = {"maximumIndividualAmount": pounds, "periodicLimit": {"period": "day", "amount": pounds}}
    said.more = {"authorization_details": [{**MANDATE, **limits}]}
    assert pay(ask, "1.00").status_code == 400
    assert ask("GET", "/recurring-payments").status_code == 400


def test_a_payment_from_an_account_of_someone_else_is_refused(said: Said, ask: Ask) -> None:
    foreign = {"debtorAccount": {"iban": "GB29NWBK60161331926819"}}
    said.more = {"authorization_details": [{**MANDATE, **foreign}]}
    assert pay(ask, "1.00", **foreign).status_code == 400
    own = {"debtorAccount": {"iban": EVERYDAY.iban}}
    said.more = {"authorization_details": [{**MANDATE, **own}]}
    assert pay(ask, "1.00", **own).status_code == 201


@pytest.mark.spec("RFC9396-9")
def test_neither_a_scope_nor_one_payment_nor_looking_alone_pays(said: Said, ask: Ask) -> None:
    said.more = {"scope": "payments"}
    assert pay(ask, "1.00").json["error"] == "insufficient_scope"
    said.more = {"authorization_details": [{"type": "payment_initiation", **ORDER}]}
    assert pay(ask, "40.00").json["error"] == "insufficient_scope"
    said.more = {"authorization_details": [{**MANDATE, "actions": ["status"]}]}
    assert is_beyond(pay(ask, "1.00"), "actions")
    assert left(ask) == "120.00"


def test_limits_of_one_person_or_app_are_not_those_of_another_and_a_narrower_token_counts_with_them(
    said: Said, ask: Ask
) -> None:
    assert pay(ask, "50.00").status_code == 201
    for other in ({"sub": "bob"}, {"client_id": "other-app"}):
        said.more = {"authorization_details": [MANDATE], **other}
        assert left(ask) == "120.00"
    said.more = {"authorization_details": [{**MANDATE, "actions": ["initiate"], "locations": [ORIGIN]}]}
    assert left(ask) == "70.00"


@pytest.mark.spec("RFC9396-9")
def test_of_many_payments_at_once_only_those_within_the_limit_are_made(ask: Ask) -> None:
    answers = at_once([partial(pay, ask, "50.00")] * THREADS)
    assert sorted(answer.status_code for answer in answers) == [201, 201] + [403] * (THREADS - 2)
    assert left(ask) == "20.00"
