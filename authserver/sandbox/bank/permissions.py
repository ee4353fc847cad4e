"""Which of a person's accounts a token reaches, and for what: by its scope all of them, by details those chosen."""

from collections.abc import Mapping

from authserver.protocol.errors import InsufficientScope
from authserver.resource.model import AccessToken
from authserver.sandbox.bank.ledger import LedgerAccount

ACCOUNT_INFORMATION = "account_information"
LIST = "list_accounts"
BALANCES = "read_balances"
TRANSACTIONS = "read_transactions"
_SCOPE = "accounts"


def accounts_reached(token: AccessToken, own: tuple[LedgerAccount, ...], action: str) -> tuple[LedgerAccount, ...]:
    """Return those of a person's accounts on which a token permits an action.

    Where details were granted they decide, and nothing beyond the accounts that the person chose is shown; the scope
    alone stands for all of them. A client by itself has no accounts. Raises InsufficientScope where neither was
    granted.
    """
    details = token.details_of(ACCOUNT_INFORMATION)
    if not details and _SCOPE not in token.scope:
        raise InsufficientScope("The access token does not reach this.", clause="RFC9396-9")
    if not token.speaks_for_person:
        return ()
    if not details:
        return own
    chosen = {iban for detail in details if action in _listed(detail.get("actions")) for iban in _ibans(detail)}
    return tuple(account for account in own if account.iban in chosen)


def _ibans(detail: object) -> tuple[object, ...]:
    accounts = detail.get("accounts") if isinstance(detail, Mapping) else None
    return tuple(account.get("iban") for account in _listed(accounts) if isinstance(account, Mapping))


def _listed(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()
