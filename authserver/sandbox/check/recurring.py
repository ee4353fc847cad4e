"""The story of payments to come: limits that a passkey approves, payments within them, and refusals beyond each."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from authserver.sandbox.check.context import CheckContext, ask, expect, expect_answer, new_visitor
from authserver.sandbox.check.paying import export_latest, granted_from_shown_account, is_found_out
from authserver.sandbox.check.people import ALICE
from authserver.sandbox.third_party.client import Flow
from authserver.sandbox.third_party.http import HttpsClient
from authserver.sandbox.third_party.recurring import SCOPE, describe_limits, order_under

Json = dict[str, Any]

_TAMPERED = (
    (("payment", "maximumIndividualAmount", "amount"), "50.01"),
    (("payment", "periodicLimit", "amount", "amount"), "120.01"),
    (("payment", "periodicLimit", "period"), "week"),
    (("payment", "validUntil"), "2099-12-31"),
    (("payment", "creditorName"), "Power and Lights"),
    (("text",), "Each time at most: €50.01"),
)


def within_limits(scene: CheckContext) -> Iterator[str]:
    """Check limits from their approval to their end."""
    limits = _limits(scene)
    answer = ask(scene.penny, new_visitor(scene, ALICE), _begin(scene, limits))
    expect(answer.get("error") == "unmet_authentication_requirements", f"the refusal of a code, and not {answer}")
    yield "Alice, who has no passkey, cannot allow payments to come: no code is bound to their limits"
    tokens = _approve(scene, limits)
    yield "Carol allows up to 50.00 each time and 120.00 a month to one payee, with her passkey, which signs all that"
    [limits] = tokens["authorization_details"]
    yield from _pay(scene, tokens, limits)
    yield from _go_beyond(scene, tokens, limits)
    _prove(scene)
    yield "`authserver sca verify` finds its proof good, and bad with a limit, a day, the payee or the text changed"
    yield from _end(scene, tokens, limits)


def _limits(scene: CheckContext) -> Json:
    """Return limits of this run alone: the bank's count of an earlier one would go on."""
    in_a_year = datetime.fromtimestamp(scene.clock() + 365 * 86_400, UTC).date().isoformat()
    typed = {"payee": "Power and Light", "iban": "DE89370400440532013000", "each": "50.00", "monthly": "120.00"}
    return describe_limits({**typed, "last_day": in_a_year, "reference": f"Contract {secrets.token_hex(4)}"})


def _begin(scene: CheckContext, limits: Json) -> Flow:
    payments = (scene.places.payments,)
    return scene.penny.begin(SCOPE, resources=payments, authorization_details=json.dumps([limits]))


def _approve(scene: CheckContext, limits: Json) -> Json:
    flow, carol = _begin(scene, limits), scene.carol
    answer = ask(scene.penny, carol, flow)
    expect("code" in answer, f"a code, and not {answer.get('error')} after {carol.seen}")
    expect("/approve" in carol.seen, f"the page that shows the limits, and not {carol.seen}")
    for shown in ("50.00", "120.00", "Power and Light"):
        expect(shown in carol.approving, f"{shown} on that page")
    tokens = expect_answer(scene.penny.redeem(answer["code"], flow, scene.places.payments), 200)
    granted_from_shown_account(carol, tokens, limits)
    return tokens


def _order(scene: CheckContext, tokens: Json, order: Json) -> Any:  # noqa: ANN401 - an answer
    return scene.penny.use("POST", scene.places.recurring, tokens["access_token"], document=order)


def _pay(scene: CheckContext, tokens: Json, limits: Json) -> Iterator[str]:
    """Pay twice, the second time with a token that was renewed without the person."""
    paid = expect_answer(_order(scene, tokens, order_under(limits, "50.00")), 201)
    expect(paid["period"]["left"]["amount"] == "70.00", f"70.00 left, and not {paid['period']}")
    tokens |= expect_answer(scene.penny.refresh(tokens["refresh_token"], scene.places.payments), 200)
    paid = expect_answer(_order(scene, tokens, order_under(limits, "49.99")), 201)
    expect(paid["period"]["left"]["amount"] == "20.01", f"20.01 left, and not {paid['period']}")
    yield "the bank pays 50.00 and 49.99 without asking her again, and counts them together"
    thief = HttpsClient(scene.places.authority)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    stolen = thief.send("POST", scene.places.recurring, headers=headers, document=order_under(limits, "1.00"))
    expect_answer(stolen, 401, "invalid_token")
    yield "whoever stole that token, but not its key, pays nothing"


def _go_beyond(scene: CheckContext, tokens: Json, limits: Json) -> Iterator[str]:
    """Check that each limit holds, and that what was refused was not counted."""
    within = order_under(limits, "1.00")
    beyond: tuple[tuple[str, Json], ...] = (
        ("maximumIndividualAmount", order_under(limits, "50.01")),
        ("periodicLimit", order_under(limits, "20.02")),
        ("creditorName", {**within, "creditorName": "Mallory"}),
        ("creditorAccount", {**within, "creditorAccount": {"iban": "AT611904300234573201"}}),
    )
    for member, order in beyond:
        told = expect_answer(_order(scene, tokens, order), 403, "insufficient_scope")["error_description"]
        expect(member in told, f"{member} named as the limit, and not: {told}")
    yield "50.01 at once, a cent beyond the month, another payee or account: insufficient_scope, and which limit it was"
    paid = expect_answer(_order(scene, tokens, order_under(limits, "20.01")), 201)
    expect(paid["period"]["left"]["amount"] == "0.00", "nothing left, to the cent")
    expect_answer(_order(scene, tokens, order_under(limits, "0.01")), 403, "insufficient_scope")
    yield "what is left of the month can be paid to the last cent, and then not one more"


def _prove(scene: CheckContext) -> None:
    proof = export_latest(scene, "variable_recurring_payment", scene.places.mandate_proof)
    expect(is_found_out(scene, proof, _TAMPERED, ("50.00", "50.01")), "every tampered proof found out")


def _end(scene: CheckContext, tokens: Json, limits: Json) -> Iterator[str]:
    expect(scene.penny.revoke(tokens["refresh_token"]).status == 200, "200 for a revocation")  # noqa: PLR2004 - the status itself
    expect_answer(_order(scene, tokens, order_under(limits, "0.01")), 401, "invalid_token")
    yield "once the app gives its token back the bank pays nothing more"
