"""Less than was granted may be asked for, never more; and what a person allowed once covers no more than that."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.grants.model import Consent
from authserver.protocol.details.model import Detail, Details
from authserver.protocol.details.narrowing import cover, narrow
from authserver.protocol.details.parse import parse_authorization_details
from tests.support.details import (
    ACCOUNTS,
    CURRENT,
    PAYMENT,
    RECURRING,
    SAVINGS,
    Document,
    account_reads,
    lists_of_details,
    text_of,
)

lists = lists_of_details()


def _read(*details: Document) -> Details:
    return parse_authorization_details(text_of(*details))


def _reach(details: Details) -> set[str]:
    """Return every single thing that details allow, as texts."""
    return {reached for detail in details for reached in _single(detail)}


def _single(detail: Detail) -> set[str]:
    others = {name: value for name, value in detail.items() if name not in {"actions", "accounts"}}
    actions, accounts = detail.get("actions", ["*"]), detail.get("accounts", ["*"])
    assert isinstance(actions, list)
    assert isinstance(accounts, list)
    return {json.dumps([others, action, account], sort_keys=True) for action in actions for account in accounts}


def _reaches_no_further(narrowed: Detail, granted: Details) -> bool:
    """Return whether one of the granted details allows all of a narrowed one; a list left out allows every entry."""
    return any(
        all(
            granted_one.get(name) is None
            or (name in narrowed and _entries(narrowed, name) <= _entries(granted_one, name))
            for name in ("actions", "accounts")
        )
        for granted_one in granted
        if _without_lists(granted_one) == _without_lists(narrowed)
    )


def _entries(detail: Detail, name: str) -> set[str]:
    entries = detail[name]
    assert isinstance(entries, list)
    return {json.dumps(entry, sort_keys=True) for entry in entries}


def _without_lists(detail: Detail) -> Document:
    return {name: value for name, value in detail.items() if name not in {"actions", "accounts"}}


@pytest.mark.spec("RFC9396-6.1")
@given(lists)
def test_asking_for_everything_again_changes_nothing(asked: list[Document]) -> None:
    granted = _read(*asked)
    narrowed = narrow(granted, granted)
    assert narrowed is not None
    assert _reach(narrowed) <= _reach(granted)


@pytest.mark.spec("RFC9396-6.1", "RFC9396-6")
@given(lists, lists)
def test_whatever_is_asked_for_nothing_beyond_the_grant_comes_of_it(
    first: list[Document], other: list[Document]
) -> None:
    granted, asked = _read(*first), _read(*other)
    for narrowed in narrow(granted, asked) or ():
        assert _reaches_no_further(narrowed, granted)


@given(account_reads, st.data())
def test_a_list_may_be_shortened(document: Document, data: st.DataObject) -> None:
    granted = _read(document)
    fewer = data.draw(st.lists(st.sampled_from(document["actions"]), min_size=1, unique=True))
    narrowed = narrow(granted, _read({**document, "actions": fewer}))
    assert narrowed == ({**granted[0], "actions": fewer},)


def test_other_accounts_actions_and_payments_are_more() -> None:
    granted = _read({**ACCOUNTS, "accounts": [{"iban": CURRENT}]}, PAYMENT)
    for asked in (
        {**ACCOUNTS, "accounts": [{"iban": SAVINGS}]},
        {**ACCOUNTS, "accounts": [{"iban": CURRENT}, {"iban": SAVINGS}]},
        {**ACCOUNTS, "actions": ["read_transactions"]},
        {**PAYMENT, "instructedAmount": {"currency": "EUR", "amount": "125.39"}},
        {**PAYMENT, "creditorName": "Bäckerei Hubert"},
        {**PAYMENT, "debtorAccount": {"iban": CURRENT}},
        RECURRING,
    ):
        assert narrow(granted, _read(asked)) is None


def test_accounts_left_out_are_those_of_the_grant() -> None:
    granted = _read({**ACCOUNTS, "accounts": [{"iban": CURRENT}]})
    assert narrow(granted, _read(ACCOUNTS)) == granted
    assert cover(granted, _read(ACCOUNTS)) == granted


@given(lists, lists)
def test_no_earlier_consent_covers_a_payment_or_another_account(first: list[Document], other: list[Document]) -> None:
    allowed, asked = _read(*first), _read(*other)
    covered = cover(allowed, asked)
    if covered is not None:
        assert not any(detail["type"] == "payment_initiation" for detail in covered)
        assert all(_reaches_no_further(detail, allowed) for detail in covered)
    assert cover(allowed, ()) == ()


def test_limits_for_payments_are_asked_about_each_time() -> None:
    assert cover(_read(RECURRING), _read(RECURRING)) is None
    assert narrow(_read(RECURRING), _read(RECURRING)) == _read(RECURRING)


def test_a_list_that_the_app_leaves_out_is_more_than_any_list() -> None:
    here = {**ACCOUNTS, "accounts": [{"iban": CURRENT}], "locations": ["https://bank.example/"]}
    assert cover(_read(here), _read(ACCOUNTS)) is None
    assert cover(_read(here), _read({**ACCOUNTS, "locations": here["locations"]})) == _read(here)


@pytest.mark.spec("RTS-SCA-5.1")
@given(lists)
def test_what_was_allowed_with_one_payment_stands_for_nothing_later(asked: list[Document]) -> None:
    details = _read(*asked)
    consent = Consent("c", "alice", "app", ("openid", "payments"), (), (), 0, 100, details)
    is_payment = any(detail["type"] == "payment_initiation" for detail in details)
    assert consent.covers(("openid",), (), ()) == (not is_payment)
