"""Amounts of money: decimal strings with a currency of today, written in one way only."""

import re
from decimal import Decimal
from functools import cache
from typing import Final

from babel.core import Locale, get_global
from babel.numbers import parse_pattern

from authserver.protocol.details.model import Money

_FUNDS: Final = frozenset({"BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW"})
_OTHER_MINOR_UNITS: Final = {
    **dict.fromkeys(
        (
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
"""Where ISO 4217 has other than two decimals; CLDR's digits are those people are used to see, and would round."""

_CODE_AT_DIGIT = re.compile(r"(?<=[A-Z])(?=[0-9])")


@cache
def past_currencies() -> frozenset[str]:
    """Return the ISO 4217 codes that are or once were legal tender somewhere."""
    used = get_global("territory_currencies").values()
    return frozenset(code for uses in used for code, _, _, tender in uses if tender) - _FUNDS


@cache
def currencies() -> frozenset[str]:
    """Return the ISO 4217 codes that are legal tender somewhere today."""
    used = get_global("territory_currencies").values()
    return frozenset(code for uses in used for code, _, end, tender in uses if tender and end is None) - _FUNDS


def minor_units(currency: str) -> int:
    """Return how many decimals an amount in a currency has."""
    return _OTHER_MINOR_UNITS.get(currency, 2)


def check_money(amount: str, currency: str, *, past: bool = False) -> None:
    """Check that an amount is above zero and written in the one way that its currency has; `past` takes withdrawn ones.

    One way: no sign, no exponent, no leading zero, all decimals. Two texts for one amount would be two payments to
    whoever compares texts. Raises ValueError.
    """
    if currency not in (past_currencies() if past else currencies()):
        raise ValueError("no currency of today")
    if not _amount_shape(minor_units(currency)).fullmatch(amount):
        raise ValueError("not an amount in that currency")
    if not amount.strip("0."):
        raise ValueError("an amount of nothing")


def format_money(money: Money, locale: str = "en") -> str:
    """Return an amount as people of a locale write it, with its currency and all its decimals, never rounded."""
    decimals = minor_units(money.currency)
    found = Locale.parse(locale)
    pattern = parse_pattern(found.currency_formats["standard"].pattern)
    pattern.frac_prec = (decimals, decimals)
    shown: str = pattern.apply(Decimal(money.amount), found, currency=money.currency, currency_digits=False)
    return _CODE_AT_DIGIT.sub("\N{NO-BREAK SPACE}", shown)


@cache
def _amount_shape(decimals: int) -> re.Pattern[str]:
    fraction = rf"\.[0-9]{{{decimals}}}" if decimals else ""
    return re.compile(rf"(?:0|[1-9][0-9]{{0,12}}){fraction}")
