"""An app whose authorization details are malformed is told which member it is, and never gets its value back."""

import json
from typing import Any

import pytest

from tests.support.deployment import Deployment
from tests.support.details import ACCOUNTS, FUNDS, PAYMENT, RECURRING, STRANGERS, text_of
from tests.support.relying_party import RelyingParty, register


@pytest.fixture(scope="module")
def app(shared: Deployment) -> RelyingParty:
    """An app that may ask for every type."""
    return register(shared)


_SECRET = "KILROYWASHERE"
_FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("the account", {**PAYMENT, "creditorAccount": {"iban": _SECRET}}, "[0].creditorAccount.iban is not valid."),
    (
        "check digits",
        {**PAYMENT, "creditorAccount": {"iban": "DE88370400440532013000"}},
        "[0].creditorAccount.iban is not valid.",
    ),
    ("no account", {**PAYMENT, "creditorAccount": {}}, "[0].creditorAccount.iban is missing."),
    ("no payee", {**PAYMENT, "creditorName": ""}, "[0].creditorName is not valid."),
    (
        "a currency",
        {**PAYMENT, "instructedAmount": {"currency": "XXY", "amount": "1.00"}},
        "[0].instructedAmount is not valid.",
    ),
    (
        "a number",
        {**PAYMENT, "instructedAmount": {"currency": "EUR", "amount": 1}},
        "[0].instructedAmount.amount is not valid.",
    ),
    ("a name of their own", {**PAYMENT, _SECRET: "x"}, "[0] has a member that is not known."),
    (
        "a name of their own within",
        {**PAYMENT, "creditorAccount": {"iban": STRANGERS, _SECRET: "x"}},
        "[0].creditorAccount has a member that is not known.",
    ),
    ("an action", {**PAYMENT, "actions": ["initiate", _SECRET]}, "[0].actions[1] is not valid."),
    ("a day", {**RECURRING, "validUntil": "2031-02-30"}, "[0].validUntil is not valid."),
    (
        "two currencies",
        {**RECURRING, "maximumIndividualAmount": {"currency": "USD", "amount": "1.00"}},
        "[0] is not valid.",
    ),
    (
        "an account of several",
        {**ACCOUNTS, "accounts": [{"iban": STRANGERS}, {"iban": _SECRET}]},
        "[0].accounts[1].iban is not valid.",
    ),
    ("a type", {"type": _SECRET}, "[0].type is not supported."),
    ("no type", {}, "[0].type is not supported."),
]


@pytest.mark.spec("RFC9396-5")
@pytest.mark.parametrize(("detail", "told"), [each[1:] for each in _FAULTS], ids=[each[0] for each in _FAULTS])
def test_the_app_and_the_operator_are_told_the_member_and_nobody_its_value(
    app: RelyingParty, capsys: pytest.CaptureFixture[str], detail: dict[str, Any], told: str
) -> None:
    reply = app.push(authorization_details=text_of(detail))
    assert (reply.status_code, reply.json["error"]) == (400, "invalid_authorization_details")
    assert reply.json["error_description"] == f"authorization_details{told}"
    logged = capsys.readouterr().out
    assert f"authorization_details{told.partition(' ')[0]}" in logged or "a type that is not known" in logged
    assert not any(_SECRET in text or "2031-02-30" in text for text in (logged, reply.text))


@pytest.mark.spec("RFC9396-5")
def test_the_second_detail_is_told_from_the_first(app: RelyingParty) -> None:
    reply = app.push(authorization_details=text_of(ACCOUNTS, {**FUNDS, "account": {"iban": "x"}}))
    assert reply.json["error_description"] == "authorization_details[1].account.iban is not valid."


@pytest.mark.spec("RFC9396-5")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "authorization_details must be JSON."),
        ("{}", "authorization_details must be an array of 1 to 8 objects."),
        ("[NaN]", "authorization_details: a number with a fraction, or none that JSON knows."),
        ('[{"a": 1, "a": 2}]', "authorization_details: a member is named twice, or null."),
        ("[" * 50, "authorization_details must be at most 8 levels deep."),
        (json.dumps(["x" * 9000]), "authorization_details must have at most 8192 characters."),
    ],
)
def test_what_is_no_list_of_details_is_told_so(app: RelyingParty, text: str, told: str) -> None:
    assert app.push(authorization_details=text).json["error_description"] == told


@pytest.mark.parametrize(
    "space", [" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"], ids=["space", "no-break", "narrow"]
)
def test_an_account_number_may_be_copied_out_of_a_letter(app: RelyingParty, space: str) -> None:
    typed = space.join(("GB82", "WEST", "1234", "5698", "7654", "32"))
    assert app.push(authorization_details=text_of({**PAYMENT, "creditorAccount": {"iban": typed}})).status_code == 201
