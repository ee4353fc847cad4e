"""What the app's forms hold at first, and what is wrong with what was typed, told at the field itself."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from authserver.protocol.details.bank_accounts import parse_iban
from authserver.protocol.details.money import check_money

_MOST_LETTERS: Final = 70

FIRST_AMOUNT: Final = "40.00"
"""What is paid under limits, until something else is typed."""

FIRST_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "pay": {
        "payee": "Green Grocer",
        "iban": "AT483200000012345864",
        "amount": "12.50",
        "reference": "Invoice 2071",
    },
    "limits": {
        "payee": "Power and Light",
        "iban": "AT483200000012345864",
        "each": "50.00",
        "monthly": "120.00",
        "last_day": "",
        "reference": "Contract 7",
    },
    "share": {"iban": ""},
}
"""What each form holds by its path; what is empty here depends on the day or the person."""


def find_problems(typed: Mapping[str, str], today: date) -> dict[str, str]:
    """Return what is wrong with each field of a form; empty for one that is right."""
    return {name: _RULES[name](text, today) for name, text in typed.items()}


def _name(text: str, _today: date) -> str:
    return "" if 0 < len(text) <= _MOST_LETTERS else f"Enter who is paid, in at most {_MOST_LETTERS} letters."


def _reference(text: str, _today: date) -> str:
    return "" if len(text) <= _MOST_LETTERS else f"Enter a reference of at most {_MOST_LETTERS} letters."


def _iban(text: str, _today: date) -> str:
    try:
        parse_iban(text)
    except ValueError:
        return "Enter an account number (IBAN) as it stands on an invoice, like AT48 3200 0000 1234 5864."
    return ""


def _amount(text: str, _today: date) -> str:
    try:
        check_money(text, "EUR")
    except ValueError:
        return "Enter an amount with two decimals, like 12.50."
    return ""


def _last_day(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "Enter a day as year, month and day, like 2027-12-31."
    return "" if day >= today else "Enter a day that is not over."


_RULES: Final[Mapping[str, Callable[[str, date], str]]] = {
    "payee": _name,
    "iban": _iban,
    "amount": _amount,
    "each": _amount,
    "monthly": _amount,
    "last_day": _last_day,
    "reference": _reference,
}
