"""Stories of how tokens end: rotation, replay, introspection and revocation."""

from collections.abc import Iterator
from typing import Any

from authserver.sandbox.check.context import CheckContext, connect, expect, expect_answer
from authserver.sandbox.registrations import BANK_ACCOUNTS, BANK_PAYMENTS
from authserver.sandbox.third_party.registered import open_resource_server

_INACTIVE = {"active": False}


def refresh(scene: CheckContext) -> Iterator[str]:
    """Check rotation: a predecessor is good until its successor is used, and anything older ends the grant."""
    penny = scene.penny
    tokens, _, _ = connect(scene, penny, scene.alice)
    first = tokens["refresh_token"]
    second = _refreshed(scene, first)
    expect(second != first, "a new refresh token")
    expect(_refreshed(scene, first) == second, "the same successor again for its predecessor")
    yield "a refresh token rotates; its predecessor is good until the successor is used"
    third = _refreshed(scene, second)
    expect_answer(penny.refresh(first), 400, "invalid_grant")
    expect_answer(penny.refresh(third), 400, "invalid_grant")
    yield "an older refresh token is taken for stolen: it and all that came of its grant are dead"


def introspection(scene: CheckContext) -> Iterator[str]:
    """Check that each side of the bank learns of the tokens that are meant for it, and of no other."""
    tokens, _, _ = connect(scene, scene.penny, scene.alice)
    for_payments = expect_answer(scene.penny.refresh(tokens["refresh_token"], scene.places.payments), 200)
    own = _introspect(scene, BANK_PAYMENTS, for_payments["access_token"])
    expect(own["active"] is True and own["aud"] == scene.places.payments, "an active token for the payments API")
    expect("x5t#S256" in own["cnf"] and "payments" in own["scope"], "its binding and its scope")
    expect(_introspect(scene, BANK_ACCOUNTS, tokens["access_token"])["active"] is True, "an active JWT")
    yield "introspection tells a resource server of its own tokens, with their binding"
    expect(_introspect(scene, BANK_ACCOUNTS, for_payments["access_token"]) == _INACTIVE, "nothing of another's token")
    expect(_introspect(scene, BANK_PAYMENTS, for_payments["refresh_token"]) == _INACTIVE, "nothing of a refresh token")
    expect(_introspect(scene, BANK_PAYMENTS, "unknown") == _INACTIVE, "nothing of a token that never was")
    expect(expect_answer(scene.penny.introspect(tokens["access_token"]), 200) == _INACTIVE, "nothing for a client")
    yield "it tells nothing of tokens that are another's, unknown, or not access tokens"


def revocation(scene: CheckContext) -> Iterator[str]:
    """Check that a token given back is dead at once where the server is asked about it."""
    penny, payments = scene.penny, scene.places.payments
    tokens, _, _ = connect(scene, penny, scene.alice, resource=payments)
    expect_answer(penny.use("GET", payments, tokens["access_token"]), 200)
    expect(penny.revoke(tokens["access_token"]).status == 200, "200 for a revocation")  # noqa: PLR2004 - the status itself
    expect_answer(penny.use("GET", payments, tokens["access_token"]), 401, "invalid_token")
    yield "a revoked access token is refused by the next call that is introspected"
    again = expect_answer(penny.refresh(tokens["refresh_token"], payments), 200)
    expect(penny.revoke(again["refresh_token"]).status == 200, "200 for a revocation")  # noqa: PLR2004 - the status itself
    expect_answer(penny.use("GET", payments, again["access_token"]), 401, "invalid_token")
    expect_answer(penny.refresh(again["refresh_token"]), 400, "invalid_grant")
    yield "a revoked refresh token takes its whole grant along"


def code_replay(scene: CheckContext) -> Iterator[str]:
    """Check that a code used twice is refused and takes along what it had led to."""
    penny, payments = scene.penny, scene.places.payments
    tokens, flow, code = connect(scene, penny, scene.alice, resource=payments)
    expect_answer(penny.redeem(code, flow), 400, "invalid_grant")
    expect_answer(penny.use("GET", payments, tokens["access_token"]), 401, "invalid_token")
    expect_answer(penny.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    yield "a code used twice is refused, and the tokens of its first use are dead"


def _refreshed(scene: CheckContext, refresh_token: str) -> str:
    return str(expect_answer(scene.penny.refresh(refresh_token, scene.places.accounts), 200)["refresh_token"])


def _introspect(scene: CheckContext, resource_server: str, token: str) -> dict[str, Any]:
    caller = open_resource_server(scene.places, scene.metadata, scene.clock, resource_server)
    return expect_answer(caller.introspect(token), 200)
