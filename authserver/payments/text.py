"""The exact text a person approves, made of the canonical payment and nothing else; the page shows these very facts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from authserver.protocol.neutral import neutralise

_AMOUNTS: Final = {
    "payment_initiation": ("instructedAmount", "amount"),
    "variable_recurring_payment": ("maximumIndividualAmount", "each_time"),
}
"""Where each type has the amount that a person looks at first, and which term names it."""

PAYMENT_TYPES: Final = frozenset(_AMOUNTS)
"""The types of what a person approves here: one payment, or payments to come within limits."""

_ABOUT_THE_GRANT: Final = frozenset({"type", "actions", "locations"})
_SHARED_TEXTS: Final = frozenset({"creditorName", "creditorAgent", "remittanceInformationUnstructured"})
_MONEY: Final = {"amount": str, "currency": str}
_ACCOUNTS: Final = {"creditorAccount": {"iban": str}, "debtorAccount": {"iban": str}}
_TEXTS: Final[Mapping[str, frozenset[str]]] = {
    "payment_initiation": _SHARED_TEXTS,
    "variable_recurring_payment": _SHARED_TEXTS | {"validUntil"},
}
_OBJECTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "payment_initiation": {**_ACCOUNTS, "instructedAmount": _MONEY},
    "variable_recurring_payment": {
        **_ACCOUNTS,
        "maximumIndividualAmount": _MONEY,
        "periodicLimit": {"period": str, "amount": _MONEY},
    },
}
"""The members of each type that `payment_facts` shows, and how each is made."""

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
    """The words of the text, and how an amount and a day are written; `day` takes day, month and year."""

    terms: Mapping[str, str]
    months: tuple[str, ...]
    day: str
    thousands: str
    decimals: str
    amount_first: bool


def _months(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_LANGUAGES: Final[Mapping[str, _Language]] = {
    "en": _Language(
        {
            "amount": "Amount",
            "each_time": "Each time at most",
            "payee": "To",
            "payee_account": "To account",
            "payee_bank": "At the bank",
            "reference": "Reference",
            "payer_account": "From account",
            "day": "In one day at most",
            "week": "In one week at most",
            "month": "In one month at most",
            "year": "In one year at most",
            "last_day": "Last day",
        },
        months=_months("January February March April May June July August September October November December"),
        day="{} {} {}",
        thousands=",",
        decimals=".",
        amount_first=False,
    ),
    "de": _Language(
        {
            "amount": "Betrag",
            "each_time": "Jedes Mal höchstens",
            "payee": "An",
            "payee_account": "Auf Konto",
            "payee_bank": "Bei der Bank",
            "reference": "Verwendungszweck",
            "payer_account": "Von Konto",
            "day": "An einem Tag höchstens",
            "week": "In einer Woche höchstens",
            "month": "In einem Monat höchstens",
            "year": "In einem Jahr höchstens",
            "last_day": "Letzter Tag",
        },
        months=_months("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
        day="{}. {} {}",
        thousands=".",
        decimals=",",
        amount_first=True,
    ),
    "fr": _Language(
        {
            "amount": "Montant",
            "each_time": "Chaque fois au maximum",
            "payee": "À",
            "payee_account": "Vers le compte",
            "payee_bank": "À la banque",
            "reference": "Référence",
            "payer_account": "Depuis le compte",
            "day": "En un jour au maximum",
            "week": "En une semaine au maximum",
            "month": "En un mois au maximum",
            "year": "En un an au maximum",
            "last_day": "Dernier jour",
        },
        months=_months("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        day="{} {} {}",
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
    words, (_, amount_term) = _LANGUAGES[language], _AMOUNTS[payment["type"]]
    facts = (
        Fact("amount", words.terms[amount_term], _amount(payment_amount(payment), words)),
        Fact("payee", words.terms["payee"], neutralise(payment["creditorName"])),
        *_limits(payment, words),
        Fact("payee_account", words.terms["payee_account"], _account(payment["creditorAccount"])),
        Fact("payee_bank", words.terms["payee_bank"], neutralise(payment.get("creditorAgent", ""))),
        Fact("reference", words.terms["reference"], neutralise(payment.get("remittanceInformationUnstructured", ""))),
        Fact("payer_account", words.terms["payer_account"], _account(payment.get("debtorAccount", {}))),
    )
    return tuple(fact for fact in facts if fact.value)


def payment_amount(payment: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the amount of a payment, or the most that each of the payments to come may be."""
    member, _ = _AMOUNTS[payment["type"]]
    amount: Mapping[str, str] = payment[member]
    return amount


def is_payment(detail: Mapping[str, Any]) -> bool:
    """Return whether a detail is a payment, or limits of payments to come, of which every member is shown.

    What a person approves and what a bank carries out must be the same: a member that nobody saw is no part of it.

    Spec: RTS-SCA-5.1
    """
    kind = detail["type"]
    return kind in PAYMENT_TYPES and all(
        name in _ABOUT_THE_GRANT or _is_shown(kind, name, value) for name, value in detail.items()
    )


def payment_text(payment: Mapping[str, Any], language: str) -> str:
    """Return the text that a person approves, one fact a line; its SHA-256 is part of what is signed.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2
    """
    return "\n".join(f"{fact.term}: {fact.value}" for fact in payment_facts(payment, language))


def _limits(payment: Mapping[str, Any], language: _Language) -> Iterator[Fact]:
    """Yield what bounds payments to come beside the amount of each; one payment has nothing of it."""
    if "periodicLimit" in payment:
        limit = payment["periodicLimit"]
        yield Fact("period_limit", language.terms[limit["period"]], _amount(limit["amount"], language))
        yield Fact("last_day", language.terms["last_day"], _day(payment["validUntil"], language))


def _day(text: str, language: _Language) -> str:
    """Write a day of the calendar with its month in letters; raises ValueError for what is none."""
    day = date.fromisoformat(text)
    return language.day.format(day.day, language.months[day.month - 1], day.year)


def _is_shown(payment_type: str, name: str, value: object) -> bool:
    if name in _TEXTS[payment_type]:
        return isinstance(value, str)
    shape = _OBJECTS[payment_type].get(name)
    return shape is not None and _has_shape(value, shape)


def _has_shape(value: object, shape: Mapping[str, Any]) -> bool:
    """Return whether an object has these members and no other, each a text or an object of the shape given for it."""
    if not isinstance(value, Mapping) or value.keys() != shape.keys():
        return False
    return all(
        isinstance(value[name], str) if inner is str else _has_shape(value[name], inner)
        for name, inner in shape.items()
    )


def _amount(money: Mapping[str, str], language: _Language) -> str:
    """Write a decimal string for people, without ever making a number of it."""
    amount, currency = money["amount"], money["currency"]
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
