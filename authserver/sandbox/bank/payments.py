"""The payments API: takes exactly the payment that the person approved, once for each token."""

from flask import Blueprint, Response, jsonify, request

from authserver.resource.flask_protector import ApiProtector, current_access_token, granted_details
from authserver.sandbox.bank.answers import created, not_found, problem
from authserver.sandbox.bank.ledger import Ledger, LedgerFull
from authserver.sandbox.bank.orders import PAYMENT, NotApproved, approved_order


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
        ledger.check_payable(subject, order)
    except ValueError as error:
        return problem(400, "invalid_request", str(error))
    except NotApproved as error:
        return problem(403, "not_approved", f"This is not the payment that was approved: {', '.join(error.members)}.")
    except LedgerFull:
        return problem(507, "ledger_full", "The demo's bank keeps no more payments.")
    protector.spend()
    return created(ledger.order(subject, order).describe())
