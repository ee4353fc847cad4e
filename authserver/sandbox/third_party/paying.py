"""A payment: asked for with all its details, approved by the person, and ordered exactly so, once."""

import json
from collections.abc import Mapping
from typing import Any

from authserver.sandbox.third_party.client import Flow
from authserver.sandbox.third_party.journey import Call, Journey, Stopped, call, is_refusal, push, redeem

SCOPE = "openid payments"
PAYMENT = "payment_initiation"
_ABOUT_THE_GRANT = frozenset({"type", "actions", "locations"})


def describe_payment(payee: str, iban: str, amount: str, reference: str) -> dict[str, Any]:
    """Return the authorization detail of a payment in euros."""
    detail: dict[str, Any] = {
        "type": PAYMENT,
        "instructedAmount": {"currency": "EUR", "amount": amount},
        "creditorName": payee,
        "creditorAccount": {"iban": iban},
    }
    return {**detail, "remittanceInformationUnstructured": reference} if reference else detail


def ask_to_pay(journey: Journey, detail: Mapping[str, Any]) -> str:
    """Ask the person to approve a payment, and return the URL for the browser; raises Stopped where it is refused."""
    journey.set_out("payment")
    journey.order = detail
    payments = (journey.places.payments,)
    return push(journey, journey.client.begin(SCOPE, resources=payments, authorization_details=json.dumps([detail])))


def order_of(granted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the order to send to the bank: the payment as it was granted, without what is about the grant alone."""
    return {name: member for name, member in granted.items() if name not in _ABOUT_THE_GRANT}


def pay(journey: Journey, flow: Flow, code: str, jwks: Mapping[str, Any]) -> None:
    """Order what the person approved, after a try with another amount and before a second one, to show both refused."""
    payments = journey.places.payments
    tokens = redeem(journey, flow, code, payments, jwks)
    details = tokens.get("authorization_details") or []
    if not details:
        raise Stopped
    token_before = journey.tokens.get(payments)
    journey.tokens[payments] = tokens["access_token"]
    try:
        journey.paid = _order_exactly(journey, order_of(details[0]))
    finally:
        _put_back(journey, token_before)


def _order_exactly(journey: Journey, order: dict[str, Any]) -> bool:
    payments = journey.places.payments
    amount = order["instructedAmount"]
    more = {**order, "instructedAmount": {**amount, "amount": f"1{amount['amount']}"}}
    text = "An app that asks the bank for more than the person approved is refused, and nothing is paid."
    call(journey, Call("Try to pay more", text, "POST", payments, payments, more))
    text = "The order is the payment that the person approved, member by member."
    paid = call(journey, Call("Pay what was approved", text, "POST", payments, payments, order))
    if is_refusal(paid):
        return False
    text = "The token was good for that one payment. The bank remembers that it was spent."
    call(journey, Call("Try to pay again", text, "POST", payments, payments, order))
    return True


def _put_back(journey: Journey, token: str | None) -> None:
    """Keep the token of the connection, not the one that is spent."""
    payments = journey.places.payments
    if token is None:
        del journey.tokens[payments]
    else:
        journey.tokens[payments] = token
