"""The payments API: takes exactly the payment that the person approved, once for each token."""

from flask import Blueprint, Response, jsonify, request

from authserver.resource.flask_protector import ApiProtector, current_access_token, granted_details
from authserver.sandbox.bank.answers import created, not_found, problem
from authserver.sandbox.bank.ledger import Ledger, LedgerFull
from authserver.sandbox.bank.orders import PAYMENT, NotApproved, Order, approved_order, parse_euros


def create_payments(ledger: Ledger, protector: ApiProtector) -> Blueprint:
    """Return the routes under `/payments`."""
    blueprint = Blueprint("payments", __name__)

    @blueprint.get("/payments")
    @protector.requires("payments")
    def list_payments() -> Response:
        own = ledger.payments_of(current_access_token().subject)
        return jsonify({"payments": [payment.describe() for payment in own]})

    @blueprint.get("/payments/<payment_id>")
    @protector.requires("payments")
    def show_payment(payment_id: str) -> Response:
        own = ledger.payments_of(current_access_token().subject)
        found = next((payment for payment in own if payment.payment_id == payment_id), None)
        return jsonify(found.describe()) if found is not None else not_found()

    @blueprint.post("/payments")
    @protector.require_detail(PAYMENT)
    def order_payment() -> Response:
        return _order(ledger, protector)

    return blueprint


def _order(ledger: Ledger, protector: ApiProtector) -> Response:
    """Compare, then spend, then record: a tampered order costs nothing, and what is spent is never paid twice."""
    subject = current_access_token().subject
    try:
        order = approved_order(request.get_json(silent=True), granted_details())
        _check_payable(ledger, subject, order)
    except ValueError as error:
        return problem(400, "invalid_request", str(error))
    except NotApproved as error:
        return problem(403, "not_approved", f"This is not the payment that was approved: {', '.join(error.members)}.")
    except LedgerFull:
        return problem(507, "ledger_full", "The demo's bank keeps no more payments.")
    protector.spend()
    return created(ledger.order(subject, order).describe())


def _check_payable(ledger: Ledger, subject: str, order: Order) -> None:
    """Return where the bank can carry the order out; raises ValueError otherwise, or LedgerFull."""
    parse_euros(order.members.get("instructedAmount"))
    debtor = order.members.get("debtorAccount")
    if debtor is not None and debtor not in [{"iban": account.iban} for account in ledger.accounts_of(subject)]:
        raise ValueError("debtorAccount must be an account of the person")
    ledger.check_room(subject)
