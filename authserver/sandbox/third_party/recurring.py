"""Payments to come: limits that the person approves once, and payments within them that ask for nothing more."""

import json
from collections.abc import Mapping
from typing import Any, Final

from authserver.sandbox.third_party.client import Flow
from authserver.sandbox.third_party.http import HttpResponse
from authserver.sandbox.third_party.journey import (
    Call,
    Journey,
    JourneyStep,
    Stopped,
    accepted,
    call_with,
    is_refusal,
    push,
    redeem,
)
from authserver.sandbox.third_party.mandate import ApprovedMandate
from authserver.sandbox.third_party.paying import order_of
from authserver.sandbox.third_party.redaction import show_answer, show_form

SCOPE: Final = "openid"
MANDATE: Final = "variable_recurring_payment"
_LIMITS: Final = frozenset({"maximumIndividualAmount", "periodicLimit", "validUntil"})
_SPARE_SECONDS: Final = 10
_PLAIN: Final = {
    "maximumIndividualAmount": "It is more than you allowed each time.",
    "periodicLimit": "It is more than is left of what you allowed for this month.",
    "validUntil": "The last day that you allowed is over.",
}
_NOT_TAKEN: Final = "Your bank did not take it. What it said is below."


def describe_limits(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the authorization detail of payments in euros to one payee, limited each time and each month."""
    monthly = {"currency": "EUR", "amount": typed["monthly"]}
    detail: dict[str, Any] = {
        "type": MANDATE,
        "maximumIndividualAmount": {"currency": "EUR", "amount": typed["each"]},
        "periodicLimit": {"period": "month", "amount": monthly},
        "validUntil": typed["last_day"],
        "creditorName": typed["payee"],
        "creditorAccount": {"iban": typed["iban"]},
    }
    reference = typed["reference"]
    return {**detail, "remittanceInformationUnstructured": reference} if reference else detail


def ask_for_mandate(journey: Journey, detail: Mapping[str, Any]) -> str:
    """Ask the person to approve limits, and return the URL for the browser; raises Stopped where it is refused."""
    journey.set_out("mandate")
    journey.limits = detail
    payments = (journey.places.payments,)
    return push(journey, journey.client.begin(SCOPE, resources=payments, authorization_details=json.dumps([detail])))


def order_under(granted: Mapping[str, Any], amount: str) -> dict[str, Any]:
    """Return the order of one payment under limits: all that was approved but the limits, and the amount."""
    fixed = {name: member for name, member in order_of(granted).items() if name not in _LIMITS}
    return {**fixed, "instructedAmount": {"currency": "EUR", "amount": amount}}


def take_mandate(journey: Journey, flow: Flow, code: str, jwks: Mapping[str, Any]) -> None:
    """Take what the person approved, and ask the bank what may be paid."""
    tokens = redeem(journey, flow, code, journey.places.payments, jwks)
    details = tokens.get("authorization_details") or []
    if not details:
        raise Stopped
    good_until = journey.client.clock() + int(tokens["expires_in"])
    journey.limits = {}
    journey.mandate = ApprovedMandate(details[0], tokens["access_token"], tokens["refresh_token"], good_until)
    text = "The bank counts what was paid in this period under the limits that the person approved."
    told = _call(journey, journey.mandate, Call("See what may be paid", text, "GET", journey.places.recurring, ""))
    journey.mandate.learn(accepted(told)["period"])


def pay_under(journey: Journey, amount: str) -> str | None:
    """Pay within the limits, asking the person for nothing more; return where the outcome is told."""
    mandate = journey.mandate
    if mandate is None:
        return None
    order = order_under(mandate.detail, amount)
    text = "The person approved the limits before, and is not asked again. The bank checks every one of them."
    wanted = Call(f"Pay {amount} within the limits", text, "POST", journey.places.recurring, "", order)
    answer = _call(journey, mandate, wanted)
    mandate.was_refused = is_refusal(answer)
    if mandate.was_refused:
        mandate.told = _plain_words(answer)
    else:
        mandate.learn(answer.json()["period"])
        mandate.told = f"€ {amount} are on their way to {mandate.detail['creditorName']}."
    return "/journey#mandate"


def stop_mandate(journey: Journey) -> None:
    """Give the refresh token of the limits back: nothing more can be paid under them."""
    mandate, journey.mandate = journey.mandate, None
    if mandate is None:
        return
    answer = journey.client.revoke(mandate.refresh_token)
    text = "The app gives its token for these payments back. It can pay nothing more under the limits."
    journey.add(JourneyStep("Stop these payments", text, (("Answer", f"HTTP {answer.status}"),)))
    text = "The bank asks the server about each token, so it refuses at once."
    wanted = Call(
        "Try to pay once more", text, "POST", journey.places.recurring, "", order_under(mandate.detail, "1.00")
    )
    call_with(journey, wanted, mandate.access_token)


def _call(journey: Journey, mandate: ApprovedMandate, wanted: Call) -> HttpResponse:
    """Call the bank with a token that is still good, renewed without the person where it is not."""
    client = journey.client
    if client.clock() >= mandate.good_until - _SPARE_SECONDS:
        answer = client.refresh(mandate.refresh_token, journey.places.payments)
        text = "What the person approved still holds, so the app gets a new token without asking."
        blocks = (show_form(client, "token_endpoint"), show_answer(answer))
        journey.add(JourneyStep("Renew the token", text, blocks, refused=is_refusal(answer)))
        tokens = accepted(answer)
        mandate.access_token = tokens["access_token"]
        mandate.refresh_token = tokens.get("refresh_token", mandate.refresh_token)
        mandate.good_until = client.clock() + int(tokens["expires_in"])
    return call_with(journey, wanted, mandate.access_token)


def _plain_words(answer: HttpResponse) -> str:
    """Return why the bank refused, in the words of someone who allowed limits and knows no standard."""
    said = str(answer.json().get("error_description", ""))
    return next((words for member, words in _PLAIN.items() if member in said), _NOT_TAKEN)
