"""Which accounts an app may see: the person chooses among their own, and nothing is chosen for them."""

from collections.abc import Mapping, Sequence

from authserver.protocol.details.bank_accounts import BankAccount
from authserver.protocol.details.model import Detail, Details, DetailWords
from authserver.protocol.details.registry import describe_detail, type_of
from authserver.values import Value

Chosen = Mapping[int, Sequence[str]]
"""The numbers that a person ticked, by the place of the detail in its request."""


class DetailShown(Value, frozen=True):
    """One detail as the page shows it: its words, and the accounts to choose from where the person chooses."""

    place: int
    words: DetailWords
    offered: tuple[BankAccount, ...] | None


def show_details(details: Details, own: Sequence[BankAccount]) -> tuple[DetailShown, ...]:
    """Return what the page shows of details asked for."""
    return tuple(
        DetailShown(
            place, describe_detail(detail), offer_accounts(detail, own) if type_of(detail).accounts_chosen else None
        )
        for place, detail in enumerate(details)
    )


def offer_accounts(detail: Detail, own: Sequence[BankAccount]) -> tuple[BankAccount, ...]:
    """Return those of a person's accounts that a detail asks for; all of them where it names none.

    What it names and they do not have is not shown: it would tell one person about another's account.
    """
    asked = detail.get("accounts")
    if not isinstance(asked, list):
        return tuple(own)
    numbers = {entry["iban"] for entry in asked}
    return tuple(account for account in own if account.iban in numbers)


def can_be_met(details: Details, own: Sequence[BankAccount]) -> bool:
    """Return whether this person has every account without which a detail means nothing."""
    return all(_can_be_met(detail, own) for detail in details)


def choose(details: Details, own: Sequence[BankAccount], chosen: Chosen) -> Details | None:
    """Return the details with the accounts that were chosen, or None where a choice is missing or was not offered.

    Spec: RFC9396-7.1
    """
    narrowed = [_choose(detail, own, chosen.get(place, ())) for place, detail in enumerate(details)]
    return None if None in narrowed else tuple(detail for detail in narrowed if detail is not None)


def find_missing(details: Details, own: Sequence[BankAccount], chosen: Chosen) -> int:
    """Return the place of the first detail whose choice is missing or was not offered, 0 where there is none."""
    unfit = (place for place, detail in enumerate(details) if _choose(detail, own, chosen.get(place, ())) is None)
    return next(unfit, 0)


def _choose(detail: Detail, own: Sequence[BankAccount], numbers: Sequence[str]) -> Detail | None:
    if not type_of(detail).accounts_chosen:
        return detail
    offered = [account.iban for account in offer_accounts(detail, own)]
    if not numbers or not set(numbers) <= set(offered):
        return None
    return {**detail, "accounts": [{"iban": number} for number in offered if number in numbers]}


def _can_be_met(detail: Detail, own: Sequence[BankAccount]) -> bool:
    if type_of(detail).accounts_chosen:
        return bool(offer_accounts(detail, own))
    named = detail.get("account")
    return not isinstance(named, dict) or any(account.iban == named["iban"] for account in own)
