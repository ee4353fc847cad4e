"""ID tokens as a conformance tester reads them."""

import json

import pytest

from tests.support.deployment import ISSUER
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, Reply, challenge_of, claims_of

ALLOWED = {"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "jti", "sid"}
FIVE_MINUTES = 300


def _tokens(app: RelyingParty, person: Person, **changes: object) -> Reply:
    return app.redeem(code_of(person.approve(app.authorization_url(**changes))))


@pytest.mark.spec("OIDCC-2", "OIDCC-3.1.3.7", "FAPI2-SP-FINAL-5.3.2.3-1")
def test_an_id_token_says_who_signed_in_when_for_whom_and_how(app: RelyingParty, alice: Person) -> None:
    claims = claims_of(_tokens(app, alice).json["id_token"])

    now = app.deployment.now
    assert (claims["iss"], claims["aud"]) == (ISSUER, "app")
    assert 0 < len(claims["sub"]) <= 255
    assert claims["sub"].isascii()
    assert abs(claims["iat"] - now) <= FIVE_MINUTES
    assert now < claims["exp"] <= now + 24 * 3600
    assert claims["auth_time"] <= now
    assert claims["acr"] == "urn:openbanking:psd2:sca"
    assert all(isinstance(claims[name], int) for name in ("iat", "exp", "auth_time"))


@pytest.mark.spec("OIDCC-2", "OIDCC-5.4")
def test_an_id_token_holds_no_claim_that_was_not_asked_for(app: RelyingParty, alice: Person) -> None:
    claims = claims_of(_tokens(app, alice, scope="openid profile email").json["id_token"])
    assert set(claims) - ALLOWED == set()
    assert "azp" not in claims


@pytest.mark.spec("OIDCC-3.1.3.6")
def test_the_access_token_is_bound_to_the_id_token_by_its_half_hash(app: RelyingParty, alice: Person) -> None:
    tokens = _tokens(app, alice).json
    whole = challenge_of(tokens["access_token"])
    at_hash = claims_of(tokens["id_token"])["at_hash"]
    assert len(at_hash) == 22
    assert whole.startswith(at_hash[:21])  # the last character of the half stands for two bits less


@pytest.mark.parametrize("nonce", ["n" * 43, "n" * 64, "n" * 384, "a+b=c~d&e%20f", "ünïcode ✓"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-14", "OIDCC-3.1.2.1")
def test_the_nonce_returns_character_by_character(app: RelyingParty, alice: Person, nonce: str) -> None:
    assert claims_of(_tokens(app, alice, nonce=nonce).json["id_token"])["nonce"] == nonce


@pytest.mark.parametrize("nonce", [None, ""])
@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-2")
def test_no_nonce_stands_in_the_id_token_where_none_was_sent(
    app: RelyingParty, alice: Person, nonce: str | None
) -> None:
    assert "nonce" not in claims_of(_tokens(app, alice, nonce=nonce).json["id_token"])


@pytest.mark.spec("OIDCC-3.1.2.1")
def test_a_nonce_beyond_all_use_is_refused_and_not_cut(app: RelyingParty) -> None:
    response = app.push(nonce="n" * 5000)
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


@pytest.mark.spec("RFC9126-4-3", "OIDCC-3.1.2.1")
def test_a_nonce_outside_the_pushed_request_is_not_used(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url() + "&nonce=outside"))
    assert claims_of(app.redeem(code).json["id_token"])["nonce"] == "nonce-456"


@pytest.mark.spec("RFC6749-3.3", "OIDCC-3.1.2.1")
def test_the_order_of_scopes_means_nothing(app: RelyingParty, alice: Person) -> None:
    tokens = _tokens(app, alice, scope="accounts email openid").json
    assert set(tokens["scope"].split()) == {"openid", "email", "accounts"}
    assert claims_of(tokens["id_token"])["aud"] == "app"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.3-1", "OIDCC-3.1.2.1")
def test_without_the_scope_openid_there_is_no_id_token(app: RelyingParty, alice: Person) -> None:
    tokens = _tokens(app, alice, scope="accounts", nonce=None)
    assert tokens.status_code == 200
    assert "id_token" not in tokens.json


@pytest.mark.spec("OIDCC-12.2", "OIDCC-12.1")
def test_a_refreshed_id_token_differs_in_its_iat_alone(app: RelyingParty, alice: Person) -> None:
    first = _tokens(app, alice).json
    app.deployment.wait(1)

    refreshed = app.refresh(first["refresh_token"])

    before, after = claims_of(first["id_token"]), claims_of(refreshed.json["id_token"])
    assert after["iat"] == before["iat"] + 1
    for name in ("iss", "sub", "aud", "auth_time", "acr", "sid"):
        assert after[name] == before[name]
    assert "azp" not in after


@pytest.mark.spec("OIDCC-8", "OIDCC-2")
def test_the_subject_is_the_same_at_every_sign_in(app: RelyingParty, alice: Person) -> None:
    first = claims_of(_tokens(app, alice).json["id_token"])["sub"]
    app.deployment.wait(3600)
    assert claims_of(_tokens(app, alice).json["id_token"])["sub"] == first
    assert "alice" not in first


@pytest.mark.spec("OIDCC-5.5", "OIDCC-5.5.1")
def test_claims_asked_for_one_by_one_come_where_they_were_asked_for(app: RelyingParty, alice: Person) -> None:
    claims = {
        "id_token": {"given_name": {"essential": True}, "acr": None, "nonsense_claim": None},
        "userinfo": {"email": None, "name": {"essential": True}, "other_nonsense": {"value": "x"}},
    }
    tokens = _tokens(app, alice, claims=json.dumps(claims)).json

    id_token, userinfo = claims_of(tokens["id_token"]), app.userinfo(tokens["access_token"]).json
    assert id_token["given_name"] == "Alice"
    assert set(id_token) - ALLOWED == {"given_name"}
    assert userinfo == {"sub": id_token["sub"], "email": "alice@example.com", "name": "Alice Example"}
