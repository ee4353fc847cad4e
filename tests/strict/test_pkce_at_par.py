"""PKCE in the request, and what the code remembers of it."""

import pytest

from tests.support.deployment import Deployment
from tests.support.login_app import plain_url, refusal, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import VERIFIER, RelyingParty, answer_of, challenge_of


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-5", "RFC7636-4.4.1-1")
def test_a_pushed_request_without_a_challenge_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(code_challenge=None, code_challenge_method=None)) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["plain", "s256", "S512"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-5", "RFC7636-4.4.1-2", "RFC7636-7.2-1")
def test_a_method_other_than_s256_is_refused(app: RelyingParty, method: str) -> None:
    assert refusal(app.push(code_challenge_method=method)) == (400, "invalid_request")


@pytest.mark.spec("RFC7636-4.3-1", "RFC7636-7.2-1")
def test_a_missing_method_means_plain_and_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(code_challenge=VERIFIER, code_challenge_method=None)) == (400, "invalid_request")


@pytest.mark.spec("RFC7636-4.3-1")
def test_a_method_without_a_challenge_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(code_challenge=None)) == (400, "invalid_request")


@pytest.mark.parametrize("challenge", ["a" * 42, "a" * 44, challenge_of(VERIFIER) + "=", "ä" * 43, "a b" + "a" * 40])
@pytest.mark.spec("RFC7636-4.2-1", "RFC7636-4.3-1")
def test_a_challenge_that_no_sha_256_makes_is_refused(app: RelyingParty, challenge: str) -> None:
    assert refusal(app.push(code_challenge=challenge)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "verifier", [None, "x" * 43, VERIFIER[:-1], "a" * 42, "a" * 129, challenge_of(VERIFIER), VERIFIER + "\u00e9"]
)
@pytest.mark.spec("RFC7636-4.6-1", "RFC7636-4.1-1")
def test_a_code_is_not_redeemed_without_the_verifier_of_its_challenge(
    app: RelyingParty, alice: Person, verifier: str | None
) -> None:
    code = code_of(alice.approve(app.authorization_url()))

    assert refusal(app.redeem(code, code_verifier=verifier)) == (400, "invalid_grant")
    assert app.redeem(code).status_code == 200


@pytest.mark.parametrize("verifier", ["a" * 43, "a" * 128, "-._~" + "Z9" * 20])
@pytest.mark.spec("RFC7636-4.1-1", "RFC7636-4.2-1")
def test_every_verifier_of_the_right_form_serves(app: RelyingParty, alice: Person, verifier: str) -> None:
    code = code_of(alice.approve(app.authorization_url(code_challenge=challenge_of(verifier))))
    assert app.redeem(code, code_verifier=verifier).status_code == 200


@pytest.mark.spec("RFC7636-4.4-1")
def test_the_answer_shows_nothing_of_the_challenge(app: RelyingParty, alice: Person) -> None:
    location = alice.approve(app.authorization_url())
    assert challenge_of(VERIFIER) not in location
    assert challenge_of(VERIFIER)[:10] not in code_of(location)


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC9700-2.1.1-1")
def test_a_plain_app_may_use_pkce_and_is_then_held_to_it(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    code = code_of(alice.approve(plain_url(app)))

    assert refusal(app.redeem(code, code_verifier="x" * 43)) == (400, "invalid_grant")
    assert app.redeem(code).status_code == 200


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC9700-2.1.1-2", "RFC9700-4.8.2-1")
def test_a_plain_app_may_leave_pkce_out_and_then_sends_no_verifier(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    code = code_of(alice.approve(plain_url(app, code_challenge=None, code_challenge_method=None)))

    assert refusal(app.redeem(code)) == (400, "invalid_grant")
    assert app.redeem(code, code_verifier=None).status_code == 200


@pytest.mark.spec("RFC7636-4.4.1-2", "RFC7636-7.2-1")
def test_a_plain_app_is_told_of_a_refused_method_at_its_redirect_uri(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    answer = answer_of(alice.open(plain_url(app, code_challenge_method="plain")).headers["Location"])
    assert (answer["error"], answer["state"]) == ("invalid_request", "state-123")
