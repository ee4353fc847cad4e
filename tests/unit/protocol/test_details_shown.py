"""Money, names and account numbers as people see them, and the accounts a person has."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.model import Account, parse_claims
from authserver.banking.own_accounts import stored_accounts
from authserver.protocol.details.bank_accounts import BankAccount, parse_iban, shown_iban
from authserver.protocol.details.model import Money
from authserver.protocol.details.money import check_money, currencies, format_money, minor_units
from authserver.protocol.details.names import parse_name
from authserver.protocol.safe_text import neutralise
from tests.support.details import BANK_ACCOUNTS, CURRENT, SAVINGS, Document, amounts


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        ("125.40", "EUR", "en", "€125.40"),
        ("1234567.89", "EUR", "en", "€1,234,567.89"),
        ("125", "JPY", "en", "¥125"),
        ("1.400", "BHD", "en", "BHD\u00a01.400"),
        ("12.50", "AFN", "en", "AFN\u00a012.50"),
        ("1234.40", "EUR", "de", "1.234,40\u00a0€"),
        ("1234.40", "EUR", "fr", "1\u202f234,40\u00a0€"),
    ],
)
def test_an_amount_is_shown_with_its_currency_and_all_its_decimals(
    amount: str, currency: str, locale: str, shown: str
) -> None:
    assert format_money(Money(amount, currency), locale) == shown


@given(amounts(), st.sampled_from(["en", "en_GB", "de", "fr"]))
def test_no_digit_of_an_amount_is_lost_on_the_page(amount: Document, locale: str) -> None:
    check_money(amount["amount"], amount["currency"])
    shown = format_money(Money(amount["amount"], amount["currency"]), locale)
    digits = "".join(character for character in shown if character.isdigit())
    assert digits == amount["amount"].replace(".", "")
    assert Decimal(digits).scaleb(-minor_units(amount["currency"])) == Decimal(amount["amount"])


def test_the_currencies_are_those_people_pay_in_today() -> None:
    assert {"EUR", "USD", "GBP", "JPY", "CHF"} <= currencies()
    assert not {"DEM", "XXX", "XAU", "XTS", "CLF", "CHE"} & currencies()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Bäckerei Huber", "Bäckerei Huber"),
        ("P\u0430ypal", "P[U+0430]ypal"),
        ("\u0391lpha Bank", "[U+0391]lpha Bank"),
        ("Анна Иванова", "Анна Иванова"),
        ("Кафе Romashka", "Кафе Romashka"),
        ("東京ガスの会社", "東京ガスの会社"),
        ("ソニー Bank", "ソニー Bank"),
        ("3ª Avenida", "3ª Avenida"),
        ("株式会사", "株式会사"),
    ],
)
@pytest.mark.spec("RFC9396-12")
def test_letters_of_a_second_script_within_a_word_are_seen_for_what_they_are(name: str, shown: str) -> None:
    assert neutralise(parse_name(name)) == shown


@given(st.text(max_size=60))
def test_whatever_a_name_is_it_is_read_or_refused_and_shown(text: str) -> None:
    try:
        name = parse_name(text)
    except ValueError:
        return
    assert parse_name(name) == name
    assert neutralise(name).isprintable()


@given(st.text(max_size=40) | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ", max_size=36))
def test_whatever_an_account_number_is_it_is_read_or_refused(text: str) -> None:
    try:
        iban = parse_iban(text)
    except ValueError:
        return
    assert parse_iban(shown_iban(iban)) == iban


@given(st.sampled_from([CURRENT, SAVINGS]), st.integers(0, 19), st.sampled_from("0123456789ABCXYZ"))
def test_one_wrong_sign_in_an_account_number_is_noticed(iban: str, place: int, sign: str) -> None:
    wrong = iban[:place] + sign + iban[place + 1 :]
    if wrong != iban:
        with pytest.raises(ValueError, match=r"no account number|wrong check digits"):
            parse_iban(wrong)


def test_a_persons_accounts_are_those_stored_with_their_claims() -> None:
    claims = parse_claims({"name": "Carol", "bank_accounts": BANK_ACCOUNTS})
    account = Account("id", "carol", claims, 0, locked=False)
    assert stored_accounts(account) == (
        BankAccount(CURRENT, "Everyday account"),
        BankAccount(SAVINGS, "Savings account"),
    )
    assert stored_accounts(Account("id", "dora", {}, 0, locked=False)) == ()


@pytest.mark.parametrize(
    "entries",
    [
        "AT611904300234573201", {}, [CURRENT], [{"iban": CURRENT}], [{"iban": CURRENT, "name": ""}],
        [{"iban": "AT00", "name": "x"}], [{"iban": CURRENT, "name": "x", "more": 1}], [{"iban": 1, "name": "x"}],
        [{"iban": CURRENT, "name": "x"}, {"iban": CURRENT.lower(), "name": "y"}],
        [{"iban": CURRENT, "name": "a\u202eb"}],
    ],
)  # fmt: skip
def test_a_list_of_accounts_that_is_none_is_refused_by_name(entries: object) -> None:
    with pytest.raises(ValueError, match="bank_accounts: must be a list"):
        parse_claims({"bank_accounts": entries})
