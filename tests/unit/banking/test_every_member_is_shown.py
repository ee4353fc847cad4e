"""No member of a detail changes what is done and is no fact in what a person reads and signs."""

import copy
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from authserver.banking.text import LANGUAGES, PAYMENT_TYPES, payment_text
from authserver.protocol.details.parse import read_past_detail
from authserver.protocol.details.registry import TYPES, describe_detail

_PAYEE = {
    "creditorName": ("Bakery", "Butcher"),
    "creditorAccount.iban": ("DE89370400440532013000", "AT611904300234573201"),
    "creditorAgent": ("COBADEFF", "COBADEFFXXX"),
    "remittanceInformationUnstructured": ("Invoice 1", "Invoice 2"),
    "debtorAccount.iban": ("AT611904300234573201", "DE89370400440532013000"),
    "actions": (["initiate"], ["cancel"]),
    "locations": (["https://one.example"], ["https://two.example"]),
}
# For each member of each type, two values that make two different acts.
_VALUES: dict[str, dict[str, tuple[Any, Any]]] = {
    "payment_initiation": {
        **_PAYEE,
        "instructedAmount.amount": ("1.00", "2.00"),
        "instructedAmount.currency": ("EUR", "USD"),
    },
    "variable_recurring_payment": {
        **_PAYEE,
        "maximumIndividualAmount.amount": ("1.00", "2.00"),
        "maximumIndividualAmount.currency": ("EUR", "USD"),
        "periodicLimit.amount.amount": ("5.00", "6.00"),
        "periodicLimit.amount.currency": ("EUR", "USD"),
        "periodicLimit.period": ("day", "week"),
        "validUntil": ("2030-01-31", "2030-02-01"),
    },
    "account_information": {
        "actions": (["list_accounts"], ["read_balances"]),
        "locations": (["https://one.example"], ["https://two.example"]),
        "accounts": ([{"iban": "AT611904300234573201"}], [{"iban": "DE89370400440532013000"}]),
    },
    "funds_confirmation": {
        "account.iban": ("AT611904300234573201", "DE89370400440532013000"),
        "locations": (["https://one.example"], ["https://two.example"]),
    },
}
_CHOSEN_ON_THE_PAGE = {("account_information", "accounts")}
_CASES = [(kind, path) for kind, values in _VALUES.items() for path in values]


def _members(shape: type[BaseModel], before: str = "") -> Iterator[str]:
    """Yield the path of each member that holds a value, into objects but not into lists."""
    for name, member in shape.model_fields.items():
        kinds = [each for each in (member.annotation, *get_args(member.annotation)) if isinstance(each, type)]
        inner = next((each for each in kinds if issubclass(each, BaseModel)), None)
        if inner is None:
            yield before + name
        else:
            yield from _members(inner, f"{before}{name}.")


def _document(kind: str, path: str = "", which: int = 0) -> dict[str, Any]:
    """Return a detail of every member, with the second value of one."""
    document: dict[str, Any] = {"type": kind}
    for each, values in _VALUES[kind].items():
        *outer, last = each.split(".")
        place = document
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = copy.deepcopy(values[which if each == path else 0])
    return document


@pytest.mark.parametrize("kind", TYPES)
def test_every_member_of_every_shape_has_its_case_here(kind: str) -> None:
    assert set(_members(TYPES[kind].shape)) == {"type", *_VALUES[kind]}


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-2.2")
@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(("kind", "path"), [case for case in _CASES if case[0] in PAYMENT_TYPES])
def test_every_member_of_a_payment_is_in_the_text_that_is_signed(kind: str, path: str, language: str) -> None:
    honest, other = _document(kind), _document(kind, path, 1)
    assert read_past_detail(honest) == honest
    assert payment_text(honest, language) != payment_text(other, language)
    if "." not in path:
        without = {name: value for name, value in other.items() if name != path}
        assert path in {"creditorName", "validUntil"} or payment_text(other, language) != payment_text(
            without, language
        )


@pytest.mark.spec("RFC9396-2", "RFC9396-2.2")
@pytest.mark.parametrize(("kind", "path"), [case for case in _CASES if case not in _CHOSEN_ON_THE_PAGE])
def test_every_member_of_a_detail_is_in_the_words_of_its_permission(kind: str, path: str) -> None:
    assert describe_detail(_document(kind)) != describe_detail(_document(kind, path, 1))
