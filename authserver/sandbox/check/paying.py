"""Stories of payments: approved by a code or a passkey, ordered exactly so, once, and proven afterwards."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from authserver.protocol.details.bank_accounts import shown_iban
from authserver.sandbox.check.browser import Page
from authserver.sandbox.check.context import (
    APPROVE,
    DENY,
    CheckContext,
    ScriptedPerson,
    ask,
    expect,
    expect_answer,
    new_visitor,
    start,
)
from authserver.sandbox.check.people import ALICE
from authserver.sandbox.processes import run_command
from authserver.sandbox.third_party.client import Flow, OAuthClient
from authserver.sandbox.third_party.http import HttpsClient
from authserver.sandbox.third_party.paying import PAYMENT, SCOPE, describe_payment, order_of
from authserver.sandbox.third_party.registered import open_ledger_sync, open_penny_planner_dpop

Json = dict[str, Any]

_SMALL = describe_payment("Green Grocer", "DE89370400440532013000", "12.50", "Order 7")
_LARGE = describe_payment("Bäckerei Huber", "DE89370400440532013000", "125.40", "Invoice 2071")
_MOST_SECONDS = 60
_TAMPERED = (
    (("payment", "instructedAmount", "amount"), "125.41"),
    (("payment", "creditorName"), "Bäckerei Hüber"),
    (("payment", "creditorAccount", "iban"), "AT611904300234573201"),
    (("text",), "Amount: €125.41"),
    (("origin",), "https://elsewhere.example"),
)


def approved_by_code(scene: CheckContext) -> Iterator[str]:
    """Check a small payment that is approved by a one-time code, asked for after the text."""
    alice = new_visitor(scene, ALICE)
    tokens = _approve(scene, scene.penny, alice, _SMALL)
    yield "Alice approves a payment of 12.50 with a one-time code, entered on the page that shows it"
    expect("refresh_token" not in tokens, "no refresh token for a payment")
    expect(tokens["expires_in"] <= _MOST_SECONDS, f"a token for a minute at most, and not {tokens['expires_in']} s")
    granted = granted_from_shown_account(alice, tokens, _SMALL)
    yield "the app gets a token for that one payment, for a minute and without a refresh token"
    yield from _spend(scene, scene.penny, tokens["access_token"], granted)


def approved_by_passkey(scene: CheckContext) -> Iterator[str]:
    """Check a payment whose approval a passkey signs, and its proof, which is left in the demo's folder."""
    mobile = open_penny_planner_dpop(scene.places, scene.metadata, scene.clock)
    tokens = _approve(scene, mobile, scene.carol, _LARGE)
    yield "Carol approves a payment of 125.40 with her passkey, which signs the amount and the payee"
    yield from _spend(scene, mobile, tokens["access_token"], tokens["authorization_details"][0])
    yield from _prove(scene)


def tampered(scene: CheckContext) -> Iterator[str]:
    """Check that what approves one payment approves no other, and that a changed form ends the payment."""
    carol, flows = scene.carol, [_begin(scene, scene.penny, detail) for detail in (_SMALL, _LARGE)]
    small, large = (carol.browser.open(start(scene.penny, flow)) for flow in flows)
    expect(small.path == large.path == "/approve", f"the pages that show the payments, and not {small.path}")
    other = small.form_of(APPROVE)
    taken = {"ceremony": other.fields["ceremony"], "credential": _signed(carol, small)}
    large = carol.browser.press(large, APPROVE, taken)
    expect((large.path, large.status) == ("/approve", 400), f"the payment not approved, and not {large.status}")
    yield "Carol's signature for 12.50 to one payee does not approve 125.40 to another"
    changed = {"approval": other.fields["approval"], "credential": _signed(carol, large)}
    answer = scene.penny.read_callback(carol.browser.press(large, APPROVE, changed).left_for, flows[1])
    expect(answer.get("error") == "access_denied" and "code" not in answer, f"access_denied, and not {answer}")
    yield "a payment whose form was changed on the way is void, and goes back to the app as access_denied"


def refused(scene: CheckContext) -> Iterator[str]:
    """Check that nothing comes of a payment that the person does not approve, or that is none."""
    flow = _begin(scene, scene.penny, _SMALL)
    alice = new_visitor(scene, ALICE, DENY)
    answer = ask(scene.penny, alice, flow)
    expect(answer.get("error") == "access_denied" and "code" not in answer, f"access_denied, and not {answer}")
    flow = _begin(scene, scene.penny, _LARGE)
    answer = ask(scene.penny, new_visitor(scene, ALICE), flow)
    expect(answer.get("error") == "unmet_authentication_requirements", f"the refusal of a code, and not {answer}")
    yield "a payment that Alice does not approve, or may not approve with a code alone, goes back as an error"
    for change in ({"creditorName": ""}, {"instructedAmount": {"currency": "EUR", "amount": "1e9"}}, {"surplus": "x"}):
        pushed = scene.penny.push(_begin(scene, scene.penny, {**_SMALL, **change}))
        expect_answer(pushed, 400, "invalid_authorization_details")
    yield "a payment without a payee, with a strange amount or with a member too many is no request at all"


def _signed(visitor: ScriptedPerson, page: Page) -> str:
    expect(visitor.passkey is not None, f"a passkey of {visitor.person.username}")
    return visitor.passkey.sign(page.form_of(APPROVE).passkey_options) if visitor.passkey else ""


def _begin(scene: CheckContext, client: OAuthClient, detail: Json) -> Flow:
    details = json.dumps([detail])
    return client.begin(SCOPE, resources=(scene.places.payments,), authorization_details=details)


def _approve(scene: CheckContext, client: OAuthClient, visitor: ScriptedPerson, detail: Json) -> Json:
    flow = _begin(scene, client, detail)
    answer = ask(client, visitor, flow)
    expect("code" in answer, f"a code, and not {answer.get('error')} after {visitor.seen}")
    expect("/approve" in visitor.seen, f"the page that shows the payment, and not {visitor.seen}")
    amount, payee = detail["instructedAmount"]["amount"], detail["creditorName"]
    expect(amount in visitor.approving and payee in visitor.approving, "amount and payee on that page")
    return expect_answer(client.redeem(answer["code"], flow, scene.places.payments), 200)


def granted_from_shown_account(visitor: ScriptedPerson, tokens: Json, asked: Json) -> Json:
    """Return the detail that was granted: what was asked for, from the account that the page showed."""
    [granted] = tokens["authorization_details"]
    iban = granted.get("debtorAccount", {}).get("iban", "")
    expect(granted == {**asked, "debtorAccount": {"iban": iban}}, "the approved payment in the token response")
    expect(iban and shown_iban(iban) in visitor.approving, "the account that pays on the page")
    return dict(granted)


def _spend(scene: CheckContext, client: OAuthClient, token: str, granted: Json) -> Iterator[str]:
    """Check that the token is good in the app's hands, for exactly this, and once."""
    payments, order = scene.places.payments, order_of(granted)
    scheme = "Bearer" if client.dpop_key is None else "DPoP"
    for https in (
        HttpsClient(scene.places.authority),
        open_ledger_sync(scene.places, scene.metadata, scene.clock).https,
    ):
        headers = {"Authorization": f"{scheme} {token}"}
        expect(https.send("POST", payments, headers=headers, document=order).status == 401, "401 for a thief")  # noqa: PLR2004 - the status itself
    yield "whoever stole the token, but not its key, pays nothing"
    cent_more = {**order["instructedAmount"], "amount": f"{order['instructedAmount']['amount'][:-1]}1"}
    others: tuple[Json, ...] = (
        {"instructedAmount": cent_more},
        {"creditorName": "Mallory"},
        {"creditorAccount": {"iban": "AT611904300234573201"}},
    )
    for change in others:
        expect_answer(client.use("POST", payments, token, document={**order, **change}), 403, "not_approved")
    yield "a cent more, another payee or another account is refused: it is not what was approved"
    paid = expect_answer(client.use("POST", payments, token, document=order), 201)
    expect(all(paid[name] == value for name, value in order.items()), "the payment as it was approved")
    expect_answer(client.use("POST", payments, token, document=order), 401, "invalid_token")
    yield "the bank takes the payment that was approved, and the token no second time"


def _prove(scene: CheckContext) -> Iterator[str]:
    """Export the proof as the operator does, and check it and tampered copies of it with no server asked."""
    proof = export_latest(scene, PAYMENT, scene.places.payment_proof)
    expect('"125.40"' in proof, "the proof of this payment")
    yield "`authserver sca verify` finds the proof of it good, with no server and no database"
    expect(is_found_out(scene, proof, _TAMPERED, ("125.40", "125.41")), "every tampered proof found out")
    yield "with another amount, payee, account, text or origin in it, it finds the proof bad"


def export_latest(scene: CheckContext, type_name: str, path: Path) -> str:
    """Export the proof of the latest approval by passkey of one type, and return it where it holds."""
    status, listed = run_command(scene.places, "sca", "list", "--json")
    latest: list[Json] = json.loads(listed) if status == 0 else []
    linked = [row["approval_id"] for row in latest if row["linked"] == "yes" and row["type"] == type_name]
    expect(linked, f"a linked approval among the latest {len(latest)}")
    status, _ = run_command(scene.places, "sca", "export", linked[0], "--output", str(path))
    expect(status == 0, "a proof to export")
    proof = path.read_text("utf-8")
    expect(_is_proven(scene, proof), "a proof that holds")
    return proof


def is_found_out(
    scene: CheckContext, proof: str, changes: Iterable[tuple[tuple[str, ...], str]], amounts: tuple[str, str]
) -> bool:
    """Return whether a proof is found bad with each change that is made to it.

    `amounts` are one and another, to be put in its place wherever it stands: the text then is that of the payment, and
    nothing but what was signed tells.
    """
    copies = [proof.replace(*amounts), *(_tampered(proof, members, value) for members, value in changes)]
    return proof not in copies and not any(_is_proven(scene, copy) for copy in copies)


def _tampered(proof: str, members: tuple[str, ...], value: str) -> str:
    """Return a proof with one member changed, however deep it is."""
    document = json.loads(proof)
    *path, last = members
    place = document
    for name in path:
        place = place[name]
    place[last] = value
    return json.dumps(document)


def _is_proven(scene: CheckContext, proof: str) -> bool:
    path = scene.places.payment_proof.with_suffix(".copy")
    path.write_text(proof, encoding="utf-8")
    status, _ = run_command(scene.places, "sca", "verify", str(path))
    path.unlink()
    return status == 0
