"""The accounts API: lists and balances, what moved only after a recent sign-in, a card only after a strong one."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from authserver.protocol.errors import InsufficientScope
from authserver.protocol.names import ACR_PHISHING_RESISTANT
from authserver.resource.details import frozen
from authserver.resource.flask_protector import ApiProtector, current_access_token, granted_details
from authserver.sandbox.bank import permissions
from authserver.sandbox.bank.answers import not_found, problem, too_deep
from authserver.sandbox.bank.ledger import Ledger, LedgerAccount
from authserver.sandbox.bank.orders import parse_euros

FUNDS = "funds_confirmation"


def create_accounts(ledger: Ledger, protector: ApiProtector, fresh_seconds: int) -> Blueprint:
    """Return the routes under `/accounts`, and the confirmation of funds."""
    blueprint = Blueprint("accounts", __name__)
    blueprint.register_error_handler(RecursionError, too_deep)

    @blueprint.get("/accounts")
    @protector.requires()
    def list_accounts() -> Response:
        return jsonify({"accounts": [_describe(ledger, protector, account) for account in _own(ledger, protector)]})

    @blueprint.get("/accounts/<account_id>")
    @protector.requires()
    def show_account(account_id: str) -> Response:
        account = _find(_own(ledger, protector), account_id)
        return jsonify(_describe(ledger, protector, account)) if account is not None else not_found()

    @blueprint.get("/accounts/<account_id>/transactions")
    @protector.requires(max_age=fresh_seconds)
    def list_transactions(account_id: str) -> Response:
        account = _find(_own(ledger, protector, permissions.TRANSACTIONS), account_id)
        return jsonify({"transactions": account.transactions()}) if account is not None else not_found()

    @blueprint.get("/accounts/<account_id>/card")
    @protector.requires("accounts", acr_values=[ACR_PHISHING_RESISTANT])
    def show_card(account_id: str) -> Response:
        account = _find(_own(ledger, protector), account_id)
        return jsonify({"cardNumber": "4000 0012 3456 7899"}) if account is not None else not_found()

    @blueprint.post("/funds-confirmations")
    @protector.require_detail(FUNDS)
    def confirm_funds() -> Response:
        return _confirm_funds(ledger, request.get_json(silent=True))

    return blueprint


def _own(ledger: Ledger, protector: ApiProtector, action: str = permissions.LIST) -> tuple[LedgerAccount, ...]:
    """Return the accounts that the token reaches; ends the request where it reaches no account at all."""
    token = current_access_token()
    try:
        return permissions.accounts_reached(token, ledger.accounts_of(token.subject), action)
    except InsufficientScope as error:
        protector.refuse(error)


def _describe(ledger: Ledger, protector: ApiProtector, account: LedgerAccount) -> dict[str, object]:
    return account.describe(with_balance=account in _own(ledger, protector, permissions.BALANCES))


def _find(accounts: tuple[LedgerAccount, ...], account_id: str) -> LedgerAccount | None:
    return next((account for account in accounts if account.account_id == account_id), None)


def _confirm_funds(ledger: Ledger, document: Any) -> Response:  # noqa: ANN401 - whatever came
    """Say whether an amount is there, yes or no and no balance, for the one account that the person named."""
    try:
        cents = parse_euros(document.get("instructedAmount") if isinstance(document, dict) else None)
    except ValueError as error:
        return problem(400, "invalid_request", str(error))
    asked = frozen(document.get("account"))
    if asked not in [detail.get("account") for detail in granted_details()]:
        return problem(403, "not_approved", "The person did not name this account.")
    own = ledger.accounts_of(current_access_token().subject)
    account = next((account for account in own if frozen({"iban": account.iban}) == asked), None)
    return jsonify({"fundsAvailable": account.balance_cents >= cents}) if account is not None else not_found()
