"""Stories of an API that wants the person to sign in again, or better, and of an app that obeys it."""

from collections.abc import Iterator
from typing import Any

from authserver.sandbox.bank.terms import FRESH_SECONDS
from authserver.sandbox.check.authenticator import SoftwarePasskey, load_passkey, make_passkey
from authserver.sandbox.check.browser import FormBrowser
from authserver.sandbox.check.context import CheckContext, ScriptedPerson, ask, connect, expect, expect_answer
from authserver.sandbox.check.past_session import signed_in_earlier
from authserver.sandbox.check.people import ALICE, CAROL
from authserver.sandbox.third_party.challenge import read_step_up
from authserver.sandbox.third_party.client import OAuthClient
from authserver.sandbox.third_party.http import HttpResponse
from authserver.sandbox.third_party.proofs import read_jwt, verify_id_token
from authserver.sandbox.third_party.registered import open_penny_planner_dpop

_AGE_SECONDS = FRESH_SECONDS + 1  # and below the time after which an unused session ends


def too_old(scene: CheckContext) -> Iterator[str]:
    """Check that a sign-in that is too old for a route is asked for again, and that the call then passes."""
    url = f"{scene.places.accounts}/{ALICE.accounts[0].account_id}/transactions"
    mobile = open_penny_planner_dpop(scene.places, scene.metadata, scene.clock)
    alice = signed_in_earlier(scene, ALICE, _AGE_SECONDS)
    for client, scheme in ((scene.penny, "Bearer"), (mobile, "DPoP")):
        tokens, _, _ = connect(scene, client, alice)
        better = _expect_challenge(client.use("GET", url, tokens["access_token"]), scheme)
        expect(set(better) == {"max_age"}, f"max_age alone, and not {sorted(better)}")
    yield "where the sign-in is too old, the bank answers insufficient_user_authentication with max_age, by each scheme"
    penny = scene.penny
    claims, token = sign_in_better(scene, penny, alice, better)
    expect("/login" in alice.seen, f"the password again, and not {alice.seen}")
    expect(scene.clock() - claims["auth_time"] <= int(better["max_age"]), "a sign-in of just now in the ID token")
    moved = expect_answer(penny.use("GET", url, token), 200)["transactions"]
    expect(moved, "what moved on the account")
    yield "the app asks again with that max_age, Alice signs in anew, and the same call passes"


def by_passkey(scene: CheckContext) -> Iterator[str]:
    """Check that what wants a passkey is not shown for less, and that a passkey alone is enough for it."""
    carol, penny = scene.carol, scene.penny
    carol.passkey = load_passkey(scene.places.check_passkey, scene.places.issuer)
    if carol.passkey is None:
        carol.passkey = _add_passkey(scene, carol)
    yield "Carol has a passkey: she signed in with her password and added it to her account"
    tokens, _, _ = connect(scene, penny, scene.alice)
    url = f"{scene.places.accounts}/{ALICE.accounts[0].account_id}/card"
    better = _expect_challenge(penny.use("GET", url, tokens["access_token"]), "Bearer")
    expect(better == {"acr_values": "phr"}, f"acr_values=phr, and not {better}")
    yield "Alice's password and code do not open the card number: the bank asks for acr_values=phr"
    carol = scene.carol = ScriptedPerson(
        CAROL, FormBrowser(scene.https, scene.places.issuer), scene.clock, passkey=carol.passkey
    )
    claims, token = sign_in_better(scene, penny, carol, better)
    expect(
        carol.seen[0] == "/login" and "/login/passkey" not in carol.seen, f"one page to sign in, and not {carol.seen}"
    )
    expect(claims["acr"] == "phr" and {"hwk", "user"} <= set(claims["amr"]), f"phr, and not {claims['acr']}")
    yield "Carol signs in with a passkey and no username or password, which is worth phr"
    url = f"{scene.places.accounts}/{CAROL.accounts[0].account_id}/card"
    expect(expect_answer(penny.use("GET", url, token), 200)["cardNumber"], "the card number")
    yield "with that the bank shows her the card number"


def sign_in_better(
    scene: CheckContext, client: OAuthClient, visitor: ScriptedPerson, better: dict[str, str]
) -> tuple[dict[str, Any], str]:
    """Ask again with what a challenge named; return the claims of the ID token and a token for the accounts."""
    resources = (scene.places.accounts, scene.places.payments)
    flow = client.begin("openid accounts payments", resources=resources, **better)
    tokens = expect_answer(client.redeem(ask(client, visitor, flow)["code"], flow, scene.places.accounts), 200)
    expected = {"iss": scene.places.issuer, "aud": client.client_id, "nonce": flow.nonce}
    claims = verify_id_token(tokens["id_token"], scene.jwks, expected, scene.clock())
    parsed = read_jwt(tokens["access_token"])
    expect(parsed is not None and parsed[1]["acr"] == claims["acr"], "the same acr in both tokens")
    return claims, tokens["access_token"]


def _add_passkey(scene: CheckContext, carol: ScriptedPerson) -> SoftwarePasskey:
    page = carol.walk(f"{scene.places.issuer}/account/passkeys")
    expect(page.path == "/account/passkeys", f"the page that adds a passkey, and not {page.path} after {carol.seen}")
    passkey, credential = make_passkey(page.form_of("submit").passkey_options, scene.places.issuer)
    after = carol.browser.press(page, "submit", {"credential": credential})
    expect(after.path != page.path, "the passkey to be added")
    passkey.save(scene.places.check_passkey)
    return passkey


def _expect_challenge(answer: HttpResponse, scheme: str) -> dict[str, str]:
    expect_answer(answer, 401, "insufficient_user_authentication")
    expect(answer.headers["www-authenticate"].startswith(f"{scheme} "), f"the scheme {scheme}")
    return read_step_up(answer)
