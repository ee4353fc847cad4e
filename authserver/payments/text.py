"""The exact text a person approves, made of the canonical payment and nothing else; the page shows these very facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from authserver.payments.neutral import neutralise

PAYMENT_TYPE: Final = "payment_initiation"

_GROUP: Final = 3
_IBAN_GROUP: Final = 4
_SYMBOLS: Final[Mapping[str, str]] = {"EUR": "€", "GBP": "£"}
"""Symbols that stand for one currency alone; any other is named by its code, since `$` is many currencies."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the text: which fact it is, its name in words, its value."""

    name: str
    term: str
    value: str


@dataclass(frozen=True, slots=True)
class _Language:
    """The words of the text, and how an amount is written."""

    terms: Mapping[str, str]
    thousands: str
    decimals: str
    amount_first: bool


_LANGUAGES: Final[Mapping[str, _Language]] = {
    "en": _Language(
        {
            "amount": "Amount",
            "payee": "To",
            "payee_account": "To account",
            "reference": "Reference",
            "payer_account": "From account",
        },
        thousands=",",
        decimals=".",
        amount_first=False,
    ),
    "de": _Language(
        {
            "amount": "Betrag",
            "payee": "An",
            "payee_account": "Auf Konto",
            "reference": "Verwendungszweck",
            "payer_account": "Von Konto",
        },
        thousands=".",
        decimals=",",
        amount_first=True,
    ),
    "fr": _Language(
        {
            "amount": "Montant",
            "payee": "À",
            "payee_account": "Vers le compte",
            "reference": "Référence",
            "payer_account": "Depuis le compte",
        },
        thousands="\N{NARROW NO-BREAK SPACE}",
        decimals=",",
        amount_first=True,
    ),
}
LANGUAGES: Final = frozenset(_LANGUAGES)
"""The languages in which a text can be shown, and made again when its proof is checked."""


def payment_facts(payment: Mapping[str, Any], language: str) -> tuple[Fact, ...]:
    """Return what a person must see of a payment, in a fixed order, as it will be written.

    Raises KeyError or TypeError for what is no payment, or in no language of ours.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2
    """
    words, amount = _LANGUAGES[language], payment["instructedAmount"]
    values = {
        "amount": _amount(amount["amount"], amount["currency"], words),
        "payee": neutralise(payment["creditorName"]),
        "payee_account": _account(payment["creditorAccount"]),
        "reference": neutralise(payment.get("remittanceInformationUnstructured", "")),
        "payer_account": _account(payment.get("debtorAccount", {})),
    }
    return tuple(Fact(name, words.terms[name], value) for name, value in values.items() if value)


def payment_text(payment: Mapping[str, Any], language: str) -> str:
    """Return the text that a person approves, one fact a line; its SHA-256 is part of what is signed.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2
    """
    return "\n".join(f"{fact.term}: {fact.value}" for fact in payment_facts(payment, language))


def _amount(amount: str, currency: str, language: _Language) -> str:
    """Write a decimal string for people, without ever making a number of it."""
    whole, point, fraction = neutralise(amount).partition(".")
    grouped = _in_groups(whole[::-1], _GROUP, language.thousands)[::-1]
    number = grouped + (language.decimals + fraction if point else "")
    unit = _SYMBOLS.get(currency, neutralise(currency))
    if language.amount_first:
        return f"{number}\N{NO-BREAK SPACE}{unit}"
    return f"{unit}{number}" if currency in _SYMBOLS else f"{unit}\N{NO-BREAK SPACE}{number}"


def _account(account: Mapping[str, str]) -> str:
    return _in_groups(neutralise(account["iban"]), _IBAN_GROUP, " ") if account else ""


def _in_groups(text: str, size: int, separator: str) -> str:
    return separator.join(text[start : start + size] for start in range(0, len(text), size))
