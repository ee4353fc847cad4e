"""The sample bank's books, and the code of the sample phone."""

from pathlib import Path

import pytest

from authserver.protocol.details.bank_accounts import parse_iban
from authserver.sandbox.bank.ledger import Ledger, LedgerAccount, LedgerFull, Owner
from authserver.sandbox.bank.orders import Order, format_cents
from authserver.sandbox.bank.terms import BankTerms, read_terms, save_terms
from authserver.sandbox.layout import DemoLayout, DemoPorts
from authserver.sandbox.people import PEOPLE
from authserver.sandbox.third_party.one_time_code import one_time_code
from authserver.sandbox.third_party.redaction import mask

ORDER = Order({"creditorName": "Grocer"})
ALICE, BOB = Owner("alice", "app"), Owner("bob", "app")


def test_everyone_sees_their_own_and_always_the_same() -> None:
    ledger = Ledger()
    assert ledger.accounts_of("alice") == ledger.accounts_of("alice")
    own = {account.account_id for account in ledger.accounts_of("alice")}
    assert own.isdisjoint(account.account_id for account in ledger.accounts_of("bob"))
    payment = ledger.order(ALICE, ORDER)
    assert ledger.payments_of(ALICE) == (payment,)
    assert ledger.payments_of(BOB) == ledger.payments_of(Owner("alice", "another-app")) == ()


def test_every_account_has_a_number_that_a_bank_would_give() -> None:
    numbers = [account.iban for person in PEOPLE for account in person.accounts]
    numbers += [account.iban for name in "abcdefgh" for account in Ledger().accounts_of(name)]
    assert [parse_iban(number) for number in numbers] == numbers


def test_the_ledger_does_not_grow_for_ever() -> None:
    ledger = Ledger()
    for _ in range(100):
        ledger.check_room(ALICE)
        ledger.order(ALICE, ORDER)
    with pytest.raises(LedgerFull):
        ledger.check_room(ALICE)
    with pytest.raises(LedgerFull):
        ledger.order(ALICE, ORDER)
    ledger.check_room(BOB)


def test_the_bank_reads_its_terms_as_they_were_written(tmp_path: Path) -> None:
    places = DemoLayout(tmp_path, DemoPorts())
    terms = BankTerms({"subject": (LedgerAccount("one", "AT611904300234573201", "Everyday account", 100),)}, 7)
    save_terms(places, terms)
    assert read_terms(places) == terms
    assert Ledger(read_terms(places).customers).accounts_of("subject") == terms.customers["subject"]


@pytest.mark.parametrize(("cents", "shown"), [(1205, "12.05"), (5, "0.05"), (-4215, "-42.15"), (-5, "-0.05")])
def test_an_amount_is_shown_with_two_decimals(cents: int, shown: str) -> None:
    assert format_cents(cents) == shown


@pytest.mark.spec("RFC6238-4")
def test_the_phone_shows_the_code_of_the_specification_s_test_vector() -> None:
    assert one_time_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1_111_111_109) == "081804"


def test_a_secret_is_shown_by_its_ends_alone() -> None:
    assert mask("a" * 20 + "secret" + "b" * 20) == "aaaaaa…bbbbbb"
