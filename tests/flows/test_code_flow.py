"""A third-party app logs a person in and gets tokens: the main story, and its endings."""

import pytest

from tests.support.deployment import BANK, ISSUER, Deployment
from tests.support.person import Person, code_of
from tests.support.relying_party import REDIRECT_URI, RelyingParty, answer_of, claims_of, register, register_bank


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-1", "FAPI2-SP-FINAL-5.3.2.2-2", "RFC9126-2.2", "RFC9207-2", "RFC8705-3.1")
def test_a_person_signs_in_consents_and_the_app_gets_bound_tokens(app: RelyingParty, alice: Person) -> None:
    location = alice.approve(app.authorization_url())

    answer = answer_of(location)
    assert location.startswith(REDIRECT_URI + "?")
    assert (answer["state"], answer["iss"]) == ("state-123", ISSUER)
    assert set(answer) == {"code", "state", "iss"}
    response = app.redeem(answer["code"])
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    tokens = response.json
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 300
    assert tokens["scope"] == "openid accounts"
    access = claims_of(tokens["access_token"])
    assert access["aud"] == [BANK, ISSUER]
    assert "x5t#S256" in access["cnf"]
    assert access["acr"] == "urn:openbanking:psd2:sca"
    identity = claims_of(tokens["id_token"])
    assert identity["nonce"] == "nonce-456"
    assert identity["aud"] == "app"
    assert identity["sub"] == access["sub"]
    assert identity["amr"] == ["pwd", "otp", "mfa"]
    assert "email" not in identity
    userinfo = app.userinfo(tokens["access_token"])
    assert userinfo.status_code == 200, userinfo.text
    assert userinfo.json == {"sub": identity["sub"]}


@pytest.mark.spec("RFC9449-5", "RFC9449-6.1")
def test_a_dpop_app_gets_tokens_bound_to_its_key(deployment: Deployment, alice: Person) -> None:
    register_bank(deployment)
    app = register(deployment, "dpop-app", dpop_bound_access_tokens=True)

    tokens = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid email")))).json

    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": app.dpop_key.thumbprint()}
    assert app.userinfo(tokens["access_token"]).json["email"] == "alice@example.com"
    refreshed = app.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200, refreshed.text


@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
@pytest.mark.spec("RFC8705-2.1", "RFC8705-2.2")
def test_an_app_authenticates_by_its_certificate(deployment: Deployment, alice: Person, method: str) -> None:
    register_bank(deployment)
    app = register(deployment, token_endpoint_auth_method=method)

    response = app.redeem(code_of(alice.approve(app.authorization_url())))

    assert response.status_code == 200, response.text


def test_a_plain_openid_app_signs_bob_in_with_a_password_alone(deployment: Deployment) -> None:
    app = register(
        deployment,
        "login-app",
        profile="oidc",
        token_endpoint_auth_method="client_secret_basic",
        scope="openid profile email",
        tls_client_certificate_bound_access_tokens=False,
        id_token_signed_response_alg="RS256",
    )
    app.certificate = None
    bob = Person(deployment, "bob")

    tokens = app.redeem(code_of(bob.approve(app.authorization_url(scope="openid profile email")))).json

    assert claims_of(tokens["id_token"])["acr"] == "urn:openbanking:psd2:ca"
    assert "cnf" not in claims_of(tokens["access_token"])
    assert app.userinfo(tokens["access_token"]).json["name"] == "Alice Example"


@pytest.mark.spec("RFC6749-4.1.2.1", "RFC9207-2")
def test_a_person_who_says_no_sends_the_app_an_answer(app: RelyingParty, alice: Person) -> None:
    answer = answer_of(alice.deny(app.authorization_url()))

    assert answer["error"] == "access_denied"
    assert (answer["state"], answer["iss"]) == ("state-123", ISSUER)
    assert "code" not in answer


@pytest.mark.spec("RFC9700-4.14.2")
def test_the_predecessor_of_a_refresh_token_is_good_until_its_successor_is_used(
    app: RelyingParty, alice: Person
) -> None:
    first = app.redeem(code_of(alice.approve(app.authorization_url()))).json["refresh_token"]

    second = app.refresh(first).json["refresh_token"]
    app.deployment.wait(30)
    again = app.refresh(first)
    assert again.json["refresh_token"] == second
    third = app.refresh(second).json["refresh_token"]
    assert len({first, second, third}) == 3

    replayed = app.refresh(first)
    assert (replayed.status_code, replayed.json["error"]) == (400, "invalid_grant")
    assert "refresh.reuse_detected" in app.deployment.event_names()
    assert app.refresh(third).json["error"] == "invalid_grant"


@pytest.mark.spec("RFC6749-4.1.2", "FAPI2-SP-FINAL-5.3.2.2-9")
def test_a_code_used_twice_ends_what_it_issued(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    tokens = app.redeem(code).json

    again = app.redeem(code)

    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert app.userinfo(tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.spec("RFC7662-2.2", "RFC7009-2.1")
def test_the_bank_sees_its_own_tokens_until_they_are_revoked(app: RelyingParty, alice: Person) -> None:
    bank = register_bank_again(app.deployment)
    tokens = app.redeem(code_of(alice.approve(app.authorization_url()))).json

    told = bank.introspect(tokens["access_token"])
    assert told.json["active"] is True, told.text
    assert (told.json["aud"], told.json["scope"]) == (BANK, "accounts")
    assert app.introspect(tokens["access_token"]).json == {"active": False}
    assert app.revoke(tokens["refresh_token"]).status_code == 200
    assert bank.introspect(tokens["access_token"]).json == {"active": False}


def register_bank_again(deployment: Deployment) -> RelyingParty:
    """Return the bank that the `app` fixture registered."""
    from tests.support.authority import common_name  # noqa: PLC0415 - used here alone
    from tests.support.deployment import authority  # noqa: PLC0415 - used here alone

    certificate = authority().issue_client(common_name("bank"), deployment.now)
    return RelyingParty(deployment, "bank", "tls_client_auth", certificate=certificate)
