"""The authorization code at the token endpoint: whose it is, how long it lives, that it is good once."""

import re

import pytest

from tests.support.deployment import BANK, Deployment
from tests.support.endings import lock_person
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import REDIRECT_URI, VERIFIER, RelyingParty, challenge_of, register

REFUSED = (400, "invalid_grant")
SECOND_REDIRECT_URI = REDIRECT_URI + "?dummy1=lorem&dummy2=ipsum"


@pytest.fixture(scope="module")
def client(shared: Deployment) -> RelyingParty:
    """The first client."""
    return register(shared)


@pytest.fixture(scope="module")
def second(shared: Deployment) -> RelyingParty:
    """The second client, whose redirect URI has a query of its own."""
    return register(shared, "second", redirect_uris=[SECOND_REDIRECT_URI])


@pytest.fixture
def code(client: RelyingParty, signed_in: Person) -> str:
    """A fresh code for the first client."""
    return code_of(signed_in.approve(client.authorization_url()))


@pytest.mark.spec("RFC6749-5.1-1", "RFC6749-5.1-2", "RFC6749-3.3-1", "RFC6749-3.2-1", "FAPI2-SP-FINAL-5.3.2.3-1")
def test_a_code_is_exchanged_for_tokens_in_the_standard_answer(client: RelyingParty, code: str) -> None:
    reply = client.redeem(code, client_id=None)

    assert reply.status_code == 200, reply.text
    assert reply.headers["Content-Type"] == "application/json"
    assert "no-store" in reply.headers["Cache-Control"]
    members = reply.json
    assert set(members) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert members["token_type"] == "Bearer"
    assert type(members["expires_in"]) is int
    assert 0 < members["expires_in"] <= 3600
    assert members["scope"] == "openid accounts"
    assert re.fullmatch(r"[\x20-\x7e]+", members["access_token"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", members["refresh_token"])


@pytest.mark.spec("RFC6749-10.10-1", "FAPI2-SP-FINAL-5.4.1-4")
def test_a_code_is_32_random_bytes_as_text(code: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", code)


@pytest.mark.spec("RFC6749-4.1.2-3", "RFC6749-4.1.3-2")
def test_a_redirect_uri_with_a_query_of_its_own_works(second: RelyingParty, signed_in: Person) -> None:
    code = code_of(signed_in.approve(second.authorization_url(redirect_uri=SECOND_REDIRECT_URI)))
    assert second.redeem(code, redirect_uri=SECOND_REDIRECT_URI).status_code == 200


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-9", "RFC6749-4.1.2-2", "RFC6749-10.5-1", "RFC9700-4.3.1-1", "RFC9700-4.5.3-1")
def test_a_code_used_again_a_second_later_is_refused_and_ends_what_it_led_to(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    tokens = app.redeem(code).json
    app.deployment.wait(1)
    assert app.userinfo(tokens["access_token"]).status_code == 200

    assert refusal(app.redeem(code)) == REFUSED

    assert app.userinfo(tokens["access_token"]).status_code == 401
    assert refusal(app.refresh(tokens["refresh_token"])) == REFUSED
    assert "code.replayed" in app.deployment.event_names()


@pytest.mark.spec("RFC6749-4.1.2-2")
def test_a_code_used_again_ends_no_other_grant_of_the_same_person(
    client: RelyingParty, signed_in: Person, code: str
) -> None:
    other = client.redeem(code_of(signed_in.approve(client.authorization_url()))).json
    client.redeem(code)
    assert refusal(client.redeem(code)) == REFUSED
    assert client.userinfo(other["access_token"]).status_code == 200
    assert client.refresh(other["refresh_token"]).status_code == 200


@pytest.mark.spec("RFC6749-4.1.2-2", "RFC6749-10.5-1")
def test_a_code_used_again_after_its_time_still_ends_what_it_led_to(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    tokens = app.redeem(code).json
    app.deployment.wait(120)
    assert refusal(app.redeem(code)) == REFUSED
    assert app.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("seconds", [60, 62, 3600])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-11", "RFC6749-4.1.2-1", "RFC6749-10.5-1")
def test_a_code_is_dead_after_sixty_seconds(app: RelyingParty, alice: Person, seconds: int) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    app.deployment.wait(seconds)
    assert refusal(app.redeem(code)) == REFUSED
    assert "code.replayed" not in app.deployment.event_names()


@pytest.mark.spec("RFC6749-4.1.2-1")
def test_a_code_is_good_for_nearly_sixty_seconds(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    app.deployment.wait(59)
    assert app.redeem(code).status_code == 200


@pytest.mark.spec("RFC6749-4.1.3-1", "RFC6749-4.1.2-3")
def test_a_code_is_no_good_to_another_client_and_stays_good_to_its_own(
    client: RelyingParty, second: RelyingParty, code: str
) -> None:
    assert refusal(second.redeem(code)) == REFUSED
    assert client.redeem(code).status_code == 200


@pytest.mark.spec("RFC6749-4.1.3-1")
def test_another_client_presenting_a_spent_code_revokes_nothing(
    client: RelyingParty, second: RelyingParty, code: str
) -> None:
    tokens = client.redeem(code).json
    assert refusal(second.redeem(code)) == REFUSED
    assert client.userinfo(tokens["access_token"]).status_code == 200


@pytest.mark.spec("RFC6749-4.1.3-1", "FAPI2-SP-FINAL-5.3.2.1-6")
def test_the_client_id_of_another_with_ones_own_key_gets_nothing(
    client: RelyingParty, second: RelyingParty, code: str
) -> None:
    assert refusal(client.redeem(code, client_id=second.client_id)) == (401, "invalid_client")
    impostor = RelyingParty(client.deployment, second.client_id, key=client.key, certificate=client.certificate)
    assert refusal(impostor.redeem(code)) == (401, "invalid_client")


@pytest.mark.spec("RFC7636-4.6-1", "RFC9700-2.1.1-1", "RFC9700-4.8.2-1")
def test_a_missing_verifier_is_an_invalid_grant(client: RelyingParty, code: str) -> None:
    assert refusal(client.redeem(code, code_verifier=None)) == REFUSED
    assert refusal(client.redeem(code, code_verifier="")) == REFUSED


@pytest.mark.parametrize(
    "verifier",
    ["x" * 43, VERIFIER + "x", VERIFIER[:-1], VERIFIER.upper(), VERIFIER + "\n", VERIFIER + " ", "é" * 43, "x" * 20000],
)
@pytest.mark.spec("RFC7636-4.6-1", "RFC7636-4.1-1")
def test_a_wrong_verifier_is_an_invalid_grant_and_spends_nothing(
    client: RelyingParty, code: str, verifier: str
) -> None:
    assert refusal(client.redeem(code, code_verifier=verifier)) == REFUSED
    assert client.redeem(code).status_code == 200


@pytest.mark.parametrize("verifier", ["x" * 42, "x" * 129, "x" * 42 + "=", "x" * 42 + "\n", "x" * 42 + "é"])
@pytest.mark.spec("RFC7636-4.1-1")
def test_a_verifier_of_the_wrong_form_is_refused_though_its_hash_is_right(
    client: RelyingParty, signed_in: Person, verifier: str
) -> None:
    url = client.authorization_url(code_challenge=challenge_of(verifier))
    assert refusal(client.redeem(code_of(signed_in.approve(url)), code_verifier=verifier)) == REFUSED


@pytest.mark.parametrize("length", [43, 128])
@pytest.mark.spec("RFC7636-4.1-1", "RFC7636-4.2-1", "RFC7636-4.4-1")
def test_a_verifier_of_any_permitted_length_and_character_works(
    client: RelyingParty, signed_in: Person, length: int
) -> None:
    verifier = ("aZ09-._~" * 16)[:length]
    url = client.authorization_url(code_challenge=challenge_of(verifier))
    assert client.redeem(code_of(signed_in.approve(url)), code_verifier=verifier).status_code == 200


@pytest.mark.spec("RFC7636-7.2-1", "RFC9700-4.8.2-1")
def test_the_challenge_itself_is_no_verifier(client: RelyingParty, code: str) -> None:
    assert refusal(client.redeem(code, code_verifier=challenge_of(VERIFIER))) == REFUSED


@pytest.mark.spec("RFC9700-2.1.1-2", "RFC9700-4.8.2-1")
def test_a_verifier_where_no_challenge_was_sent_is_refused(shared: Deployment, signed_in: Person) -> None:
    plain = register(shared, "plain", profile="oidc")
    codes = [
        code_of(signed_in.approve(plain.authorization_url(code_challenge=None, code_challenge_method=None)))
        for _ in range(2)
    ]
    assert refusal(plain.redeem(codes[0])) == REFUSED
    assert plain.redeem(codes[1], code_verifier=None).status_code == 200


@pytest.mark.parametrize(
    "redirect_uri", [None, "https://app.example/other", REDIRECT_URI + "/", REDIRECT_URI + "?", REDIRECT_URI.upper()]
)
@pytest.mark.spec("RFC6749-4.1.3-2", "RFC6749-10.6-1")
def test_another_redirect_uri_than_that_of_the_request_is_refused(
    client: RelyingParty, code: str, redirect_uri: str | None
) -> None:
    assert refusal(client.redeem(code, redirect_uri=redirect_uri)) == REFUSED
    assert client.redeem(code).status_code == 200


@pytest.mark.spec("RFC6749-4.1.3-2", "RFC6749-5.2-1")
def test_no_code_is_an_invalid_request_and_an_unknown_one_an_invalid_grant(client: RelyingParty, code: str) -> None:
    assert refusal(client.redeem("")) == (400, "invalid_request")
    for unknown in ("x", code[:-1], code + "x", code.swapcase(), "é", "x" * 9000):
        assert refusal(client.redeem(unknown)) == REFUSED


@pytest.mark.spec("RFC6749-4.1.3-2", "RFC6749-6-1")
def test_a_code_is_no_refresh_token_and_the_reverse(client: RelyingParty, code: str) -> None:
    assert refusal(client.refresh(code)) == REFUSED
    tokens = client.redeem(code).json
    assert refusal(client.redeem(tokens["refresh_token"])) == REFUSED
    assert refusal(client.refresh(tokens["access_token"])) == REFUSED


@pytest.mark.spec("RFC8707-2.2", "RFC9700-2.3-1")
def test_a_code_reaches_no_resource_that_was_not_granted(client: RelyingParty, signed_in: Person) -> None:
    url = client.authorization_url(resource=BANK)
    code = code_of(signed_in.approve(url))
    assert refusal(client.redeem(code, resource="https://elsewhere.example/")) == (400, "invalid_target")
    assert client.redeem(code, resource=BANK).status_code == 200


@pytest.mark.spec("RFC6749-4.1.3-2")
def test_a_code_of_an_account_locked_since_is_refused(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    lock_person(app.deployment)
    assert refusal(app.redeem(code)) == REFUSED
