"""Stories of a person who connects an app to the bank, and of what a thief can do with what the app then holds."""

import json
import uuid
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from authserver.sandbox.check.context import CheckContext, ask, connect, expect, expect_answer
from authserver.sandbox.check.people import ALICE
from authserver.sandbox.third_party.http import HttpsClient
from authserver.sandbox.third_party.proofs import read_jwt, verify_id_token
from authserver.sandbox.third_party.registered import open_ledger_sync, open_penny_planner_dpop

_CLOCKS_APART = 300


def whole_flow(scene: CheckContext) -> Iterator[str]:
    """Check everything from the pushed request to the answers of both APIs."""
    penny, places = scene.penny, scene.places
    tokens, flow, _ = connect(scene, penny, scene.alice, prompt="consent")
    expect(scene.alice.seen == ["/login", "/login/totp", "/consent"], f"three pages, and not {scene.alice.seen}")
    yield "PAR, password, one-time code and consent lead back to the app with code, state and iss"
    expected = {"iss": places.issuer, "aud": penny.client_id, "nonce": flow.nonce}
    person = verify_id_token(tokens["id_token"], scene.jwks, expected, scene.clock())
    expect(person["acr"] == "urn:openbanking:psd2:sca" and person["amr"], "two factors in the ID token")
    yield "the ID token verifies, with nonce, acr and amr"
    yield from _read_accounts(scene, tokens["access_token"])
    payments_token = expect_answer(penny.refresh(tokens["refresh_token"], places.payments), 200)["access_token"]
    yield from _list_payments(scene, payments_token)
    expect_answer(penny.use("GET", places.payments, tokens["access_token"]), 401, "invalid_token")
    expect_answer(penny.use("GET", places.accounts, payments_token), 401, "invalid_token")
    yield "a token for one API is refused by the other"


def _read_accounts(scene: CheckContext, token: str) -> Iterator[str]:
    penny, places = scene.penny, scene.places
    parsed = read_jwt(token)
    expect(parsed is not None and parsed[1]["aud"] == places.accounts, "a JWT for the accounts API alone")
    expect(parsed is not None and "x5t#S256" in parsed[1]["cnf"], "a token bound to the certificate")
    wanted = str(uuid.uuid4())
    headers = {**penny.token_headers("GET", places.accounts, token), "x-fapi-interaction-id": wanted}
    answer = penny.https.send("GET", places.accounts, headers=headers)
    accounts = expect_answer(answer, 200)["accounts"]
    expect(len(accounts) == 2, "Alice's two accounts")  # noqa: PLR2004 - two
    expect(answer.headers["x-fapi-interaction-id"] == wanted, "the interaction id mirrored")
    sent = parsedate_to_datetime(answer.headers["date"]).timestamp()
    expect(abs(sent - scene.clock()) < _CLOCKS_APART, "a Date header of now")
    expect_answer(penny.use("GET", f"{places.accounts}/123456-1", token), 404)
    yield "the accounts API, which validates the JWT itself, shows Alice's accounts and no one else's"


def _list_payments(scene: CheckContext, token: str) -> Iterator[str]:
    penny, payments = scene.penny, scene.places.payments
    expect(read_jwt(token) is None, "an opaque token for the payments API")
    expect("payments" in expect_answer(penny.use("GET", payments, token), 200), "the list of payments")
    yield "the payments API, which introspects an opaque token, lists Alice's payments"
    order = {"creditorName": "Green Grocer", "instructedAmount": {"amount": "12.50", "currency": "EUR"}}
    expect_answer(penny.use("POST", payments, token, document=order), 403, "insufficient_scope")
    yield "it takes no payment that Alice did not approve as such"


def userinfo(scene: CheckContext) -> Iterator[str]:
    """Check that the person's claims come to the holder of the key, and to no one else."""
    penny = scene.penny
    flow_tokens = _for_userinfo(scene)
    url = penny.endpoint("userinfo_endpoint")
    claims = expect_answer(penny.use("GET", url, flow_tokens), 200)
    missing = {name for name, value in ALICE.claims.items() if claims.get(name) != value}
    expect(not missing, f"every claim about Alice; these differ: {sorted(missing)}")
    thief = HttpsClient(scene.places.authority)
    headers = penny.token_headers("GET", url, flow_tokens)
    expect_answer(thief.send("GET", url, headers=headers), 401, "invalid_token")
    yield "UserInfo tells every standard claim, to the holder of the certificate alone"


def chosen_accounts(scene: CheckContext) -> Iterator[str]:
    """Check that the person chooses the accounts, and that the app sees these alone; and that funds are confirmed."""
    penny, bank, own = scene.penny, scene.places.bank, ALICE.accounts
    information = {"type": "account_information", "actions": ["list_accounts", "read_balances"]}
    funds = {"type": "funds_confirmation", "account": {"iban": own[1].iban}}
    flow = penny.begin(
        "openid", resources=(scene.places.accounts,), authorization_details=json.dumps([information, funds])
    )
    tokens = expect_answer(penny.redeem(ask(penny, scene.alice, flow)["code"], flow), 200)
    chosen = {**information, "accounts": [{"iban": own[0].iban}]}
    expect(tokens["authorization_details"] == [chosen, funds], f"one account chosen: {tokens['authorization_details']}")
    token = tokens["access_token"]
    seen = expect_answer(penny.use("GET", scene.places.accounts, token), 200)["accounts"]
    expect([account["iban"] for account in seen] == [own[0].iban], "the chosen account alone")
    expect_answer(penny.use("GET", f"{scene.places.accounts}/{own[1].account_id}", token), 404)
    yield "Alice chooses one of her accounts on the consent page, and the app sees that one alone"
    asked = {"account": {"iban": own[1].iban}, "instructedAmount": {"currency": "EUR", "amount": "99.00"}}
    answer = penny.use("POST", f"{bank}/funds-confirmations", token, document=asked)
    expect(expect_answer(answer, 200) == {"fundsAvailable": True}, "yes, and no balance")
    other = {**asked, "account": {"iban": own[0].iban}}
    expect_answer(penny.use("POST", f"{bank}/funds-confirmations", token, document=other), 403, "not_approved")
    yield "the bank says yes or no to an amount on the account that Alice named for that, and on no other"


def stolen_token(scene: CheckContext) -> Iterator[str]:
    """Check that neither API takes a certificate-bound token without its certificate."""
    penny, places = scene.penny, scene.places
    tokens, _, _ = connect(scene, penny, scene.alice)
    payments = expect_answer(penny.refresh(tokens["refresh_token"], places.payments), 200)["access_token"]
    thief = HttpsClient(places.authority)
    other = open_ledger_sync(places, scene.metadata, scene.clock).https
    for url, token in ((places.accounts, tokens["access_token"]), (places.payments, payments)):
        headers = {"Authorization": f"Bearer {token}"}
        for https in (thief, other):
            answer = https.send("GET", url, headers=headers)
            expect_answer(answer, 401, "invalid_token")
            expect('error="invalid_token"' in answer.headers["www-authenticate"], "a challenge with the error")
    yield "a stolen token is refused without the certificate, and with another one"
    for url, token in ((places.accounts, tokens["access_token"]), (places.payments, payments)):
        expect_answer(penny.https.send("GET", f"{url}?access_token={token}"), 400, "invalid_request")
        bare = penny.https.send("GET", url)
        expect(bare.status == 401 and "error" not in bare.headers["www-authenticate"], "a challenge without an error")  # noqa: PLR2004 - the status itself
    yield "a token in the URL is refused; no token at all is challenged without an error"


def dpop(scene: CheckContext) -> Iterator[str]:
    """Check tokens bound to a DPoP key: with a proof they work, in every other way they do not."""
    client = open_penny_planner_dpop(scene.places, scene.metadata, scene.clock)
    accounts = scene.places.accounts
    tokens, _, _ = connect(scene, client, scene.alice)
    expect(tokens["token_type"] == "DPoP", "the token type DPoP")  # noqa: S105 - a token type
    expect_answer(client.use("GET", accounts, tokens["access_token"]), 200)
    payments = expect_answer(client.refresh(tokens["refresh_token"], scene.places.payments), 200)["access_token"]
    expect_answer(client.use("GET", scene.places.payments, payments), 200)
    yield "DPoP: a flow bound to a key, and a proof for each call of either API"
    headers = client.token_headers("GET", accounts, tokens["access_token"])
    expect_answer(client.https.send("GET", accounts, headers=headers), 200)
    refused = {
        "a proof used twice": headers,
        "no proof": {"Authorization": headers["Authorization"]},
        "the scheme Bearer": {"Authorization": f"Bearer {tokens['access_token']}"},
        "a proof for another method": client.token_headers("POST", accounts, tokens["access_token"]),
        "a proof for another URL": client.token_headers("GET", scene.places.payments, tokens["access_token"]),
        "a proof for another token": {
            **headers,
            "DPoP": client.token_headers("GET", accounts, payments)["DPoP"],
        },
    }
    for what, sent in refused.items():
        answer = client.https.send("GET", accounts, headers=sent)
        expect(answer.status == 401, f"401 for {what}, and not {answer.status}")  # noqa: PLR2004 - the status itself
    yield "DPoP: no proof, a used one, or one for something else is refused, and so is the scheme Bearer"


def _for_userinfo(scene: CheckContext) -> str:
    """Return a token that is good at UserInfo: asked for with the issuer as its resource."""
    flow = scene.penny.begin("openid profile email address phone", resources=(scene.places.issuer,))
    code = ask(scene.penny, scene.alice, flow)["code"]
    token: str = expect_answer(scene.penny.redeem(code, flow), 200)["access_token"]
    return token
