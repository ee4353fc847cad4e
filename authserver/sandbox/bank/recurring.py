"""Payments to come: the app pays without asking the person again, within the limits that the person approved."""

from flask import Blueprint, Response, jsonify, request

from authserver.clock import Clock
from authserver.protocol.errors import InsufficientScope
from authserver.resource.flask_protector import ApiProtector, current_access_token, granted_details
from authserver.sandbox.bank.answers import created, no_room, problem, too_deep
from authserver.sandbox.bank.ledger import Ledger, LedgerFull, Owner
from authserver.sandbox.bank.mandates import MANDATE, Mandate, Period, describe_period
from authserver.sandbox.bank.orders import NotApproved, may_initiate
from authserver.sandbox.bank.store import MandateTotals


def create_recurring(ledger: Ledger, totals: MandateTotals, protector: ApiProtector, clock: Clock) -> Blueprint:
    """Return the routes under `/recurring-payments`."""
    blueprint = Blueprint("recurring", __name__)
    blueprint.register_error_handler(LedgerFull, no_room)
    blueprint.register_error_handler(RecursionError, too_deep)

    @blueprint.get("/recurring-payments")
    @protector.require_detail(MANDATE)
    def show_limits() -> Response:
        try:
            mandate = _granted()
        except ValueError as error:
            return problem(400, "invalid_request", str(error))
        period = mandate.period_at(clock())
        return jsonify({"limits": mandate.members, "period": _described(totals, mandate, period)})

    @blueprint.post("/recurring-payments")
    @protector.require_detail(MANDATE)
    def pay() -> Response:
        try:
            return _pay(ledger, totals, request.get_json(silent=True), clock())
        except ValueError as error:
            return problem(400, "invalid_request", str(error))
        except NotApproved as error:
            protector.refuse(_beyond(error))

    return blueprint


def _granted() -> Mandate:
    """Return the limits in the token; a request holds one such detail at most."""
    return Mandate.of(current_access_token(), granted_details()[0])


def _pay(ledger: Ledger, totals: MandateTotals, document: object, now: int) -> Response:
    """Compare, then count, then record: what is refused counts nothing, and what is counted is never paid twice."""
    token, mandate = current_access_token(), _granted()
    owner = Owner(token.subject, token.client_id)
    if not may_initiate(granted_details()[0]):
        raise NotApproved(("actions",))
    order, cents = mandate.order_within(document, now)
    ledger.check_payable(owner, order)
    period = mandate.period_at(now)
    if not totals.add(mandate.mandate_id, period.first_day, cents, mandate.period_cents):
        raise _period_spent(totals, mandate, period)
    paid = ledger.order(owner, order)
    return created({**paid.describe(), "period": _described(totals, mandate, period)})


def _described(totals: MandateTotals, mandate: Mandate, period: Period) -> dict[str, object]:
    return describe_period(mandate, period, totals.find(mandate.mandate_id, period.first_day))


def _period_spent(totals: MandateTotals, mandate: Mandate, period: Period) -> NotApproved:
    described = _described(totals, mandate, period)
    left, last_day = described["left"], described["lastDay"]
    amount = left["amount"] if isinstance(left, dict) else ""
    return NotApproved((f"periodicLimit, of which {amount} EUR are left until {last_day}",))


def _beyond(error: NotApproved) -> InsufficientScope:
    """Return the refusal of what needs more than was approved; the app may ask the person for more.

    Spec: RFC6750-3.1, RFC9396-9
    """
    beyond = ", ".join(error.members)
    return InsufficientScope(f"This payment goes beyond what was approved: {beyond}.", clause="RFC9396-9")
