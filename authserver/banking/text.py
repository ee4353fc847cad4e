"""The exact text a person approves, made of the canonical payment and nothing else; the page shows these very facts."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from authserver.protocol.details.parse import read_past_detail
from authserver.protocol.details.registry import actions_of, is_to_pay
from authserver.protocol.errors import InvalidAuthorizationDetails
from authserver.protocol.safe_text import neutralise
from authserver.values import Value

_AMOUNTS: Final = {
    "payment_initiation": ("instructedAmount", "amount"),
    "variable_recurring_payment": ("maximumIndividualAmount", "each_time"),
}
"""Where each type has the amount that a person looks at first, and which term names it."""

PAYMENT_TYPES: Final = frozenset(_AMOUNTS)
"""The types of what a person approves here: one payment, or payments to come within limits."""

LATEST: Final = 2
"""The version of the text that is shown now. Version 1 told neither what the app may do nor where, and named the
account that pays only where the app had named it."""

_GROUP: Final = 3
_IBAN_GROUP: Final = 4
_SEPARATOR: Final = "; "
_SYMBOLS: Final[Mapping[str, str]] = {"EUR": "€", "GBP": "£"}
"""Symbols that stand for one currency alone; any other is named by its code, since `$` is many currencies."""


class PaymentFact(Value, frozen=True):
    """One line of the text: which fact it is, its name in words, its value."""

    name: str
    term: str
    value: str


class _Language(Value, frozen=True):
    """The words of the text, and how an amount and a day are written; `day` takes day, month and year.

    `acts` are the words for each action, by type.
    """

    terms: Mapping[str, str]
    acts: Mapping[str, Mapping[str, str]]
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
            "act": "The app may",
            "payer_account": "From account",
            "day": "In one day at most",
            "week": "In one week at most",
            "month": "In one month at most",
            "year": "In one year at most",
            "last_day": "Last day",
            "bank_chooses": "chosen by your bank",
            "place": "Only at",
        },
        acts={
            "payment_initiation": {
                "initiate": "make this payment",
                "status": "see the state of this payment",
                "cancel": "cancel this payment",
            },
            "variable_recurring_payment": {
                "initiate": "make payments within these limits",
                "status": "see the state of these payments",
                "cancel": "cancel these payments",
            },
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
            "act": "Die App darf",
            "payer_account": "Von Konto",
            "day": "An einem Tag höchstens",
            "week": "In einer Woche höchstens",
            "month": "In einem Monat höchstens",
            "year": "In einem Jahr höchstens",
            "last_day": "Letzter Tag",
            "bank_chooses": "von Ihrer Bank gewählt",
            "place": "Nur bei",
        },
        acts={
            "payment_initiation": {
                "initiate": "diese Zahlung ausführen",
                "status": "den Stand dieser Zahlung sehen",
                "cancel": "diese Zahlung abbrechen",
            },
            "variable_recurring_payment": {
                "initiate": "Zahlungen innerhalb dieser Grenzen ausführen",
                "status": "den Stand dieser Zahlungen sehen",
                "cancel": "diese Zahlungen abbrechen",
            },
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
            "act": "L\N{RIGHT SINGLE QUOTATION MARK}application peut",
            "payer_account": "Depuis le compte",
            "day": "En un jour au maximum",
            "week": "En une semaine au maximum",
            "month": "En un mois au maximum",
            "year": "En un an au maximum",
            "last_day": "Dernier jour",
            "bank_chooses": "choisi par votre banque",
            "place": "Seulement auprès de",
        },
        acts={
            "payment_initiation": {
                "initiate": "effectuer ce paiement",
                "status": "voir l\N{RIGHT SINGLE QUOTATION MARK}état de ce paiement",
                "cancel": "annuler ce paiement",
            },
            "variable_recurring_payment": {
                "initiate": "effectuer des paiements dans ces limites",
                "status": "voir l\N{RIGHT SINGLE QUOTATION MARK}état de ces paiements",
                "cancel": "annuler ces paiements",
            },
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


def payment_facts(payment: Mapping[str, Any], language: str, version: int = LATEST) -> tuple[PaymentFact, ...]:
    """Return what a person must see of a payment, in a fixed order, as it will be written.

    Raises KeyError or TypeError for what is no payment, or in no language of ours.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2
    """
    words, (_, amount_term) = _LANGUAGES[language], _AMOUNTS[payment["type"]]
    is_first = version < LATEST
    unnamed = "" if is_first or not is_to_pay(payment) else words.terms["bank_chooses"]
    payer = _account(payment.get("debtorAccount", {})) or unnamed
    facts = (
        PaymentFact("amount", words.terms[amount_term], _amount(payment_amount(payment), words)),
        PaymentFact("payee", words.terms["payee"], neutralise(payment["creditorName"])),
        *_limits(payment, words),
        PaymentFact("payee_account", words.terms["payee_account"], _account(payment["creditorAccount"])),
        PaymentFact("payee_bank", words.terms["payee_bank"], neutralise(payment.get("creditorAgent", ""))),
        PaymentFact(
            "reference", words.terms["reference"], neutralise(payment.get("remittanceInformationUnstructured", ""))
        ),
        PaymentFact("payer_account", words.terms["payer_account"], payer),
        PaymentFact("act", words.terms["act"], "" if is_first else _acts(payment, words)),
        PaymentFact("place", words.terms["place"], "" if is_first else _places(payment)),
    )
    return tuple(fact for fact in facts if fact.value)


def payment_amount(payment: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the amount of a payment, or the most that each of the payments to come may be."""
    member, _ = _AMOUNTS[payment["type"]]
    amount: Mapping[str, str] = payment[member]
    return amount


def is_payment(detail: Mapping[str, Any], version: int = LATEST) -> bool:
    """Return whether a detail is a payment, or limits of payments to come, as this server takes them and shows in full.

    What a person approves and what a bank carries out must be the same: a member that nobody saw is no part of it. A
    currency may have been withdrawn since.

    Spec: RTS-SCA-5.1
    """
    try:
        is_ours = detail["type"] in PAYMENT_TYPES and read_past_detail(detail) == detail
    except InvalidAuthorizationDetails:
        return False
    if not is_ours:
        return False
    return version == LATEST or (set(actions_of(detail)) == {"initiate"} and "locations" not in detail)


def payment_text(payment: Mapping[str, Any], language: str, version: int = LATEST) -> str:
    """Return the text that a person approves, one fact a line; its SHA-256 is part of what is signed.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2
    """
    return "\n".join(f"{fact.term}: {fact.value}" for fact in payment_facts(payment, language, version))


def _acts(payment: Mapping[str, Any], language: _Language) -> str:
    """Write what the app may do with a payment, in a fixed order; raises KeyError for what is no action."""
    words = language.acts[payment["type"]]
    named = {words[action] for action in actions_of(payment)}
    return _SEPARATOR.join(each for each in words.values() if each in named)


def _places(payment: Mapping[str, Any]) -> str:
    return _SEPARATOR.join(neutralise(place) for place in payment.get("locations", ()))


def _limits(payment: Mapping[str, Any], language: _Language) -> Iterator[PaymentFact]:
    """Yield what bounds payments to come beside the amount of each; one payment has nothing of it."""
    if "periodicLimit" in payment:
        limit = payment["periodicLimit"]
        yield PaymentFact("period_limit", language.terms[limit["period"]], _amount(limit["amount"], language))
        yield PaymentFact("last_day", language.terms["last_day"], _day(payment["validUntil"], language))


def _day(text: str, language: _Language) -> str:
    """Write a day of the calendar with its month in letters; raises ValueError for what is none."""
    day = date.fromisoformat(text)
    return language.day.format(day.day, language.months[day.month - 1], day.year)


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
