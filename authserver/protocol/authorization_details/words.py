"""What a person reads of each type of detail: labels for the message catalogues, and the facts.

Spec: RFC9396-2, RTS-SCA-5.1
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from authserver.messages import Message
from authserver.protocol.authorization_details.bank_accounts import shown_iban
from authserver.protocol.authorization_details.model import Detail, DetailWords, Fact, Money
from authserver.protocol.neutral import neutralise

_ACCOUNT_ACTIONS: Final[Mapping[str, Message]] = {
    "list_accounts": Message("See which accounts you choose, with their numbers and names."),
    "read_balances": Message("See their balances."),
    "read_transactions": Message("See what goes in and out of them."),
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
        facts=_payment_facts(members),
        amount=_money(members["instructedAmount"]),
        payee=neutralise(members["creditorName"]),
    )


def describe_recurring_payment(detail: Detail) -> DetailWords:
    """Return the words for payments of varying amounts: the limits are what the person agrees to."""
    members = _members(detail)
    limit = members["periodicLimit"]
    return DetailWords(
        title=Message("Payments again and again, up to this much each time"),
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
    return DetailWords(title=Message("Your accounts"), points=points)


def describe_funds_confirmation(detail: Detail) -> DetailWords:
    """Return the words for questions about cover."""
    return DetailWords(
        title=Message("Whether there is enough money"),
        points=(Message("Ask whether an amount is there. The answer is yes or no, never the balance."),),
        facts=(Fact(Message("Account"), shown_iban(_members(detail)["account"]["iban"])),),
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
    return tuple(facts)


def _members(detail: Detail) -> Mapping[str, Any]:
    """Return a detail to be looked into without asking what is there: its type's shape has read it."""
    return detail


def _money(amount: Mapping[str, str]) -> Money:
    return Money(amount["amount"], amount["currency"])
