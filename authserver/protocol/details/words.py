"""What a person reads of each type of detail: labels for the message catalogues, and the facts.

Spec: RFC9396-2, RTS-SCA-5.1
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from authserver.messages import Message
from authserver.protocol.details.bank_accounts import shown_iban
from authserver.protocol.details.model import Detail, DetailWords, Fact, Money
from authserver.protocol.safe_text import neutralise

_ACCOUNT_ACTIONS: Final[Mapping[str, Message]] = {
    "list_accounts": Message("See which accounts you choose, with their numbers and names."),
    "read_balances": Message("See their balances."),
    "read_transactions": Message("See what goes in and out of them."),
}
MAKE: Final = "initiate"
"""The action of making a payment: what is meant where an app names no action."""

_PAYMENT_ACTIONS: Final[Mapping[str, Message]] = {
    MAKE: Message("Make this payment."),
    "status": Message("See the state of this payment."),
    "cancel": Message("Cancel this payment."),
}
_RECURRING_ACTIONS: Final[Mapping[str, Message]] = {
    MAKE: Message("Make payments within these limits."),
    "status": Message("See the state of these payments."),
    "cancel": Message("Cancel these payments."),
}
_PERIODS: Final[Mapping[str, Message]] = {
    "day": Message("In one day at most"),
    "week": Message("In one week at most"),
    "month": Message("In one month at most"),
    "year": Message("In one year at most"),
}


def describe_payment(detail: Detail) -> DetailWords:
    """Return the words for one payment."""
    members = _members(detail)
    return DetailWords(
        title=Message("One payment"),
        points=_points(members, _PAYMENT_ACTIONS),
        facts=_payment_facts(members),
        amount=_money(members["instructedAmount"]),
        payee=neutralise(members["creditorName"]),
    )


def describe_recurring_payment(detail: Detail) -> DetailWords:
    """Return the words for payments of varying amounts: the limits are what the person agrees to."""
    members = _members(detail)
    limit = members["periodicLimit"]
    return DetailWords(
        title=Message("Repeated payments, up to this amount each"),
        points=_points(members, _RECURRING_ACTIONS),
        facts=(
            Fact(_PERIODS[limit["period"]], _money(limit["amount"])),
            Fact(Message("Last day"), first_second(members["validUntil"])),
            *_payment_facts(members),
        ),
        amount=_money(members["maximumIndividualAmount"]),
        payee=neutralise(members["creditorName"]),
    )


def describe_account_information(detail: Detail) -> DetailWords:
    """Return the words for a look at accounts; which ones, the page asks."""
    members = _members(detail)
    points = tuple(words for action, words in _ACCOUNT_ACTIONS.items() if action in members["actions"])
    return DetailWords(title=Message("Your accounts"), points=points, facts=_places(members))


def describe_funds_confirmation(detail: Detail) -> DetailWords:
    """Return the words for questions about cover."""
    return DetailWords(
        title=Message("Whether there is enough money"),
        points=(Message("Ask whether an amount is available. The answer is yes or no, never the balance."),),
        facts=(Fact(Message("Account"), shown_iban(_members(detail)["account"]["iban"])), *_places(_members(detail))),
    )


def first_second(day: str) -> int:
    """Return the first second of a day, in UTC."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _payment_facts(members: Mapping[str, Any]) -> tuple[Fact, ...]:
    bank, reference = members.get("creditorAgent"), members.get("remittanceInformationUnstructured")
    debtor = members.get("debtorAccount")
    facts = [Fact(Message("To the account"), shown_iban(members["creditorAccount"]["iban"]))]
    facts += [Fact(Message("At the bank"), bank)] if bank else []
    facts += [Fact(Message("Payment reference"), neutralise(reference))] if reference else []
    facts += [Fact(Message("From the account"), shown_iban(debtor["iban"]))] if debtor else []
    return (*facts, *_places(members))


def _points(members: Mapping[str, Any], words: Mapping[str, Message]) -> tuple[Message, ...]:
    """Return what may be done with a payment where that is other than to make it, which the title says."""
    actions = members.get("actions", [MAKE])
    return () if actions == [MAKE] else tuple(each for action, each in words.items() if action in actions)


def _places(members: Mapping[str, Any]) -> tuple[Fact, ...]:
    return tuple(Fact(Message("Only at"), neutralise(place)) for place in members.get("locations", ()))


def _members(detail: Detail) -> Mapping[str, Any]:
    """Return a detail to be looked into without asking what is there: its type's shape has read it."""
    return detail


def _money(amount: Mapping[str, str]) -> Money:
    return Money(amount["amount"], amount["currency"])
