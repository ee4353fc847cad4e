"""The payments API: takes exactly the payment that the person approved, once for each token."""

from flask import Blueprint, Response, jsonify, request

from authserver.resource.flask_protector import ApiProtector, current_access_token, granted_details
from authserver.sandbox.bank.answers import created, no_room, not_found, problem, too_deep
from authserver.sandbox.bank.ledger import Ledger, LedgerFull, Owner
from authserver.sandbox.bank.orders import PAYMENT, NotApproved, approved_order


def create_payments(ledger: Ledger, protector: ApiProtector) -> Blueprint:
    """Return the routes under `/payments`."""
    blueprint = Blueprint("payments", __name__)
    blueprint.register_error_handler(RecursionError, too_deep)
    blueprint.register_error_handler(LedgerFull, no_room)

    @blueprint.get("/payments")
    @protector.requires("payments")
    def list_payments() -> Response:
        own = ledger.payments_of(_owner())
        return jsonify({"payments": [payment.describe() for payment in own]})

    @blueprint.get("/payments/<payment_id>")
    @protector.requires("payments")
    def show_payment(payment_id: str) -> Response:
        own = ledger.payments_of(_owner())
        found = next((payment for payment in own if payment.payment_id == payment_id), None)
        return jsonify(found.describe()) if found is not None else not_found()

    @blueprint.post("/payments")
    @protector.require_detail(PAYMENT)
    def order_payment() -> Response:
        return _order(ledger, protector)

    return blueprint


def _order(ledger: Ledger, protector: ApiProtector) -> Response:
    """Compare, then spend, then record: a tampered order costs nothing, and what is spent is never paid twice."""
    try:
        order = approved_order(request.get_json(silent=True), granted_details())
        ledger.check_payable(_owner(), order)
    except ValueError as error:
        return problem(400, "invalid_request", str(error))
    except NotApproved as error:
        return problem(403, "not_approved", f"This is not the payment that was approved: {', '.join(error.members)}.")
    protector.spend()
    return created(ledger.order(_owner(), order).describe())


def _owner() -> Owner:
    """Return whose payments a request is about: those that this app asked for, of this person."""
    token = current_access_token()
    return Owner(token.subject, token.client_id)
