"""The sample bank's books, and the code of the sample phone."""

import pytest

from authserver.sandbox.bank.ledger import Ledger, LedgerFull, format_cents, parse_payment
from authserver.sandbox.third_party.journey import mask
from authserver.sandbox.third_party.one_time_code import one_time_code

ORDER = {"creditorName": "Grocer", "instructedAmount": {"amount": "12.50", "currency": "EUR"}}


def test_everyone_sees_their_own_and_always_the_same() -> None:
    ledger = Ledger()
    assert ledger.accounts_of("alice") == ledger.accounts_of("alice")
    own = {account.account_id for account in ledger.accounts_of("alice")}
    assert own.isdisjoint(account.account_id for account in ledger.accounts_of("bob"))
    payment = ledger.order("alice", "Grocer", 1250)
    assert ledger.payments_of("alice") == (payment,)
    assert ledger.payments_of("bob") == ()


def test_the_ledger_does_not_grow_for_ever() -> None:
    ledger = Ledger()
    for _ in range(100):
        ledger.order("alice", "Grocer", 1)
    with pytest.raises(LedgerFull):
        ledger.order("alice", "Grocer", 1)


def test_an_order_is_read() -> None:
    assert parse_payment(ORDER) == ("Grocer", 1250)
    assert format_cents(1205) == "12.05"


@pytest.mark.parametrize(
    "order",
    [
        None,
        [],
        {},
        {**ORDER, "creditorName": ""},
        {**ORDER, "creditorName": "a" * 71},
        {**ORDER, "creditorName": "a\nb"},
        {**ORDER, "instructedAmount": "12.50"},
        *(
            {**ORDER, "instructedAmount": {"amount": amount, "currency": "EUR"}}
            for amount in ("12", "12.5", "0.00", "-1.00", ".50", "1e3.00", "12345678.00", "\u0661.00", 12.5, None)
        ),
        {**ORDER, "instructedAmount": {"amount": "1.00", "currency": "USD"}},
    ],
    ids=repr,
)
def test_a_bad_order_is_refused(order: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_payment(order)


@pytest.mark.spec("RFC6238-4")
def test_the_phone_shows_the_code_of_the_specification_s_test_vector() -> None:
    assert one_time_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1_111_111_109) == "081804"


def test_a_secret_is_shown_by_its_ends_alone() -> None:
    assert mask("a" * 20 + "secret" + "b" * 20) == "aaaaaa\u2026bbbbbb"
