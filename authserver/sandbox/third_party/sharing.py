"""Some accounts and no others: the person chooses them at the bank, and the app sees those alone."""

from collections.abc import Mapping
from typing import Any, Final

from authserver.sandbox.third_party.journey import Call, Journey, Wanted, call

SCOPE: Final = "openid"
_FUNDS: Final = "funds_confirmation"


def describe_sharing(iban: str) -> tuple[dict[str, Any], ...]:
    """Return the details: accounts of the person's choice, and whether one that they name covers an amount."""
    actions = ["list_accounts", "read_balances", "read_transactions"]
    return (
        {"type": "account_information", "actions": actions},
        {"type": _FUNDS, "account": {"iban": iban}},
    )


def wanted_of(journey: Journey, details: tuple[Mapping[str, Any], ...]) -> Wanted:
    """Return the request for details at the accounts API, without any scope over accounts."""
    return Wanted(SCOPE, (journey.places.accounts,), details)


def confirm_funds(journey: Journey, amount: str) -> None:
    """Ask whether an amount is there, at the account that the person named for that, where they did."""
    for detail in journey.wanted.details:
        if detail["type"] == _FUNDS:
            document = {"account": detail["account"], "instructedAmount": {"currency": "EUR", "amount": amount}}
            text = "The bank says yes or no, for the one account that was named, and never how much is there."
            url = f"{journey.places.bank}/funds-confirmations"
            call(journey, Call(f"Ask whether {amount} is there", text, "POST", url, journey.places.accounts, document))
