"""The accounts that a person has at the bank, as the operator stored them; no app is ever sent this list.

Whoever runs the server at a bank may feed it from the bank's books instead: pages know no more than `AccountsOf`.
"""

from collections.abc import Callable
from typing import TypeAlias

from authserver.accounts.model import BANK_ACCOUNTS, Account
from authserver.protocol.details.bank_accounts import BankAccount, parse_bank_accounts

AccountsOf: TypeAlias = Callable[[Account], tuple[BankAccount, ...]]


def stored_accounts(account: Account) -> tuple[BankAccount, ...]:
    """Return the accounts stored with a person's claims, which were checked when they were stored."""
    entries = account.claims.get(BANK_ACCOUNTS, ())
    return parse_bank_accounts(entries) if isinstance(entries, list) else ()
