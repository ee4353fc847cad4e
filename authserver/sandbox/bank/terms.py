"""What the bank was told when the demo was set up: its customers, and how fresh a sign-in it wants."""

import json
from collections.abc import Mapping
from typing import Final

from msgspec.structs import asdict

from authserver.sandbox.bank.ledger import LedgerAccount
from authserver.sandbox.layout import DemoLayout
from authserver.values import Hidden, Value, field

FRESH_SECONDS: Final = 120


class BankTerms(Value, frozen=True):
    """The customers by subject, and how many seconds old a sign-in may be to see what moved on an account."""

    customers: Hidden[Mapping[str, tuple[LedgerAccount, ...]]] = field(default_factory=dict)
    fresh_seconds: int = FRESH_SECONDS


def save_terms(places: DemoLayout, terms: BankTerms) -> None:
    """Write the terms where the bank reads them."""
    customers = {subject: [asdict(account) for account in accounts] for subject, accounts in terms.customers.items()}
    document = {"fresh_seconds": terms.fresh_seconds, "customers": customers}
    places.bank_terms.write_text(json.dumps(document, indent=2), encoding="utf-8")


def read_terms(places: DemoLayout) -> BankTerms:
    """Read what `save_terms` wrote."""
    document = json.loads(places.bank_terms.read_text(encoding="utf-8"))
    customers = {
        subject: tuple(LedgerAccount(**account) for account in accounts)
        for subject, accounts in document["customers"].items()
    }
    return BankTerms(customers, document["fresh_seconds"])
