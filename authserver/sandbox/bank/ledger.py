"""The bank's books: accounts and payments by person, in memory for as long as the demo runs."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from authserver.sandbox.bank.orders import Order, format_cents, parse_euros
from authserver.values import Value

_MOST_PAYMENTS = 100
_MOST_PEOPLE = 1000
_BANK_CODE = "19043"


class LedgerAccount(Value, frozen=True):
    """One account of one person; amounts are in cents."""

    account_id: str
    iban: str
    name: str
    balance_cents: int

    def describe(self, *, with_balance: bool = True) -> dict[str, object]:
        """Return the account as the API shows it."""
        balance = {"amount": format_cents(self.balance_cents), "currency": "EUR"}
        shown: dict[str, object] = {"accountId": self.account_id, "iban": self.iban, "name": self.name}
        return {**shown, "balance": balance} if with_balance else shown

    def transactions(self) -> list[dict[str, object]]:
        """Return what moved on the account, the same for everyone."""
        moved = (
            ("2026-07-01", "Green Grocer", -4215),
            ("2026-06-30", "Salary", 310_000),
            ("2026-06-28", "Rent", -98_000),
        )
        return [
            {"day": day, "party": party, "amount": {"amount": format_cents(cents), "currency": "EUR"}}
            for day, party, cents in moved
        ]


class Owner(Value, frozen=True):
    """Whose payments: a person's, as far as one app asked for them; no app sees what another asked for."""

    subject: str
    client_id: str


class Payment(Value, frozen=True):
    """One payment that a person's app asked for."""

    payment_id: str
    order: Order

    def describe(self) -> dict[str, object]:
        """Return the payment as the API shows it."""
        return {"paymentId": self.payment_id, **self.order.describe(), "status": "ACCP"}


class LedgerFull(Exception):
    """The demo's bank keeps no more payments."""


@dataclass(slots=True)
class Ledger:
    """Every person's own; nobody's is found under another's subject."""

    customers: Mapping[str, tuple[LedgerAccount, ...]] = field(default_factory=dict, repr=False)
    _payments: dict[Owner, list[Payment]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def accounts_of(self, subject: str) -> tuple[LedgerAccount, ...]:
        """Return a person's accounts; who is not known gets some that are made up and always the same."""
        return self.customers.get(subject) or _made_up(subject)

    def payments_of(self, owner: Owner) -> tuple[Payment, ...]:
        """Return an owner's payments, oldest first."""
        with self._lock:
            return tuple(self._payments.get(owner, ()))

    def check_room(self, owner: Owner) -> None:
        """Return where one more payment can be recorded; raises LedgerFull otherwise."""
        with self._lock:
            self._check_room(owner)

    def check_payable(self, owner: Owner, order: Order) -> None:
        """Return where the bank can carry the order out; raises ValueError otherwise, or LedgerFull."""
        parse_euros(order.members.get("instructedAmount"))
        debtor = order.members.get("debtorAccount")
        if debtor is not None and debtor not in [{"iban": account.iban} for account in self.accounts_of(owner.subject)]:
            raise ValueError("debtorAccount must be an account of the person")
        self.check_room(owner)

    def order(self, owner: Owner, order: Order) -> Payment:
        """Record a payment; raises LedgerFull where there are too many."""
        payment = Payment(secrets.token_hex(8), order)
        with self._lock:
            self._check_room(owner)
            self._payments.setdefault(owner, []).append(payment)
        return payment

    def _check_room(self, owner: Owner) -> None:
        is_new = owner not in self._payments
        if (is_new and len(self._payments) >= _MOST_PEOPLE) or len(self._payments.get(owner, ())) >= _MOST_PAYMENTS:
            raise LedgerFull


def _made_up(subject: str) -> tuple[LedgerAccount, ...]:
    digits = str(int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8]))
    return (
        LedgerAccount(f"{digits[:6]}-1", _iban(f"1{digits[:10]}"), "Current account", 100_000 + int(digits[:5])),
        LedgerAccount(f"{digits[:6]}-2", _iban(f"2{digits[:10]}"), "Savings", 1_000_000 + int(digits[5:10])),
    )


def _iban(number: str) -> str:
    """Return an Austrian account number with its check digits; A is 10 and T is 29 there."""
    rest = f"{_BANK_CODE}{number}"
    return f"AT{98 - int(f'{rest}102900') % 97:02d}{rest}"
