"""The currencies that payments may be in, held against ISO 4217 itself: CLDR has them with a delay."""

import pytest

from authserver.protocol.details.model import Money
from authserver.protocol.details.money import (
    check_money,
    currencies,
    format_money,
    minor_units,
    past_currencies,
)


def _codes(text: str) -> list[str]:
    return text.split()


# ISO 4217, list one, as of 2026-11-30, by its decimals, without funds, bonds, metals, testing and SDR.
_OF_TWO = _codes("""
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK
DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD
KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP
PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
""")
_OF_NONE = _codes("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")
_OF_THREE = _codes("BHD IQD JOD KWD LYD OMR TND")
# CLDR: El Salvador's is not used since 2001, Venezuela's second code for its one currency never was.
_NOT_USED = {"SVC", "VED"}


def test_the_currencies_are_those_of_iso_4217_that_are_used() -> None:
    assert currencies() == {*_OF_TWO, *_OF_NONE, *_OF_THREE} - _NOT_USED


@pytest.mark.parametrize(
    ("codes", "decimals"), [(_OF_TWO, 2), (_OF_NONE, 0), (_OF_THREE, 3)], ids=["two", "none", "three"]
)
def test_the_decimals_are_those_of_iso_4217(codes: list[str], decimals: int) -> None:
    assert {code for code in codes if minor_units(code) != decimals} == set()


@pytest.mark.parametrize("code", ["BGN", "HRK", "DEM"])
def test_a_currency_that_was_withdrawn_is_none_of_today(code: str) -> None:
    assert code in past_currencies()
    with pytest.raises(ValueError, match="no currency of today"):
        check_money("1.00", code)
    check_money("1.00", code, past=True)


@pytest.mark.parametrize("code", ["XAU", "XTS", "CHW", "EUX", "eur", ""])
def test_what_is_no_money_never_was_a_currency(code: str) -> None:
    for past in (False, True):
        with pytest.raises(ValueError, match="no currency"):
            check_money("1.00", code, past=past)


@pytest.mark.parametrize("code", ["HUF", "COP", "IDR", "RSD"])
@pytest.mark.parametrize(
    ("locale", "shown"), [("en", "1,234.50"), ("de", "1.234,50"), ("fr", "1\N{NARROW NO-BREAK SPACE}234,50")]
)
def test_every_decimal_is_shown_where_people_are_used_to_see_none(code: str, locale: str, shown: str) -> None:
    assert shown in format_money(Money("1234.50", code), locale)
