"""The bank's books: accounts and payments by person, in memory for as long as the demo runs."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

_MOST_PAYMENTS = 100
_MOST_PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class Account:
    """One account of one person; amounts are in cents."""

    account_id: str
    iban: str
    name: str
    balance_cents: int

    def describe(self) -> dict[str, object]:
        """Return the account as the API shows it."""
        balance = {"amount": format_cents(self.balance_cents), "currency": "EUR"}
        return {"accountId": self.account_id, "iban": self.iban, "name": self.name, "balance": balance}


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment that a person's app asked for."""

    payment_id: str
    creditor: str
    amount_cents: int

    def describe(self) -> dict[str, object]:
        """Return the payment as the API shows it."""
        amount = {"amount": format_cents(self.amount_cents), "currency": "EUR"}
        return {
            "paymentId": self.payment_id,
            "creditorName": self.creditor,
            "instructedAmount": amount,
            "status": "ACCP",
        }


class LedgerFull(Exception):
    """The demo's bank keeps no more payments."""


@dataclass(slots=True)
class Ledger:
    """Every person's own; nobody's is found under another's subject."""

    _payments: dict[str, list[Payment]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def accounts_of(self, subject: str) -> tuple[Account, ...]:
        """Return a person's accounts: made up from the subject, so that each person always has the same."""
        digits = str(int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8]))
        return (
            Account(f"{digits[:6]}-1", f"AT61{digits[:16]:0>16}", "Current account", 100_000 + int(digits[:5])),
            Account(f"{digits[:6]}-2", f"AT62{digits[:16]:0>16}", "Savings", 1_000_000 + int(digits[5:10])),
        )

    def payments_of(self, subject: str) -> tuple[Payment, ...]:
        """Return a person's payments, oldest first."""
        with self._lock:
            return tuple(self._payments.get(subject, ()))

    def order(self, subject: str, creditor: str, amount_cents: int) -> Payment:
        """Record a payment; raises LedgerFull where there are too many."""
        payment = Payment(secrets.token_hex(8), creditor, amount_cents)
        with self._lock:
            known = len(self._payments)
            own = self._payments.setdefault(subject, [])
            if len(own) >= _MOST_PAYMENTS or known >= _MOST_PEOPLE:
                raise LedgerFull
            own.append(payment)
        return payment


def parse_payment(document: object) -> tuple[str, int]:
    """Return creditor and cents of a payment order; raises ValueError with what is wrong."""
    if not isinstance(document, Mapping):
        raise ValueError("the body must be a JSON object")
    creditor, amount = document.get("creditorName"), document.get("instructedAmount")
    if not isinstance(creditor, str) or not 0 < len(creditor) <= 70 or not creditor.isprintable():  # noqa: PLR2004 - ISO 20022's Max70Text
        raise ValueError("creditorName must be a name of at most 70 characters")
    if not isinstance(amount, Mapping) or amount.get("currency") != "EUR":
        raise ValueError("instructedAmount must be an amount in EUR")
    return creditor, _parse_cents(amount.get("amount"))


def format_cents(cents: int) -> str:
    """Return cents as an amount with two decimals."""
    return f"{cents // 100}.{cents % 100:02d}"


def _parse_cents(text: object) -> int:
    whole, point, cents = text.partition(".") if isinstance(text, str) else ("", "", "")
    digits = whole + cents
    is_amount = point and len(cents) == 2 and digits.isascii() and digits.isdigit() and 0 < len(whole) <= 7  # noqa: PLR2004 - two decimals, up to millions
    if not is_amount or int(digits) == 0:
        raise ValueError("amount must be written like 12.50 and be more than nothing")
    return int(digits)
