"""Refresh tokens as FAPI 2.0 and its conformance suite want them: whose they are, how they rotate, when they end."""

from dataclasses import replace

import pytest

from authserver.db.engine import Database
from tests.support.deployment import BANK, ISSUER, Deployment, deploy
from tests.support.endings import lock_person
from tests.support.jose import private_key
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, claims_of, register, register_bank

REFUSED = (400, "invalid_grant")
DAY = 86_400


@pytest.fixture
def tokens(app: RelyingParty, alice: Person) -> dict[str, str]:
    """What the app got for its code."""
    return dict(app.redeem(code_of(alice.approve(app.authorization_url()))).json)


@pytest.fixture
def dpop_app(deployment: Deployment) -> RelyingParty:
    """An app whose tokens are bound to a DPoP key."""
    register_bank(deployment)
    return register(deployment, "dpop-app", dpop_bound_access_tokens=True)


@pytest.mark.spec("RFC6749-6-1", "RFC6749-5.1-1", "RFC6749-5.1-2")
def test_a_refresh_answers_with_fresh_tokens_in_the_standard_form(app: RelyingParty, tokens: dict[str, str]) -> None:
    reply = app.refresh(tokens["refresh_token"])
    assert reply.status_code == 200, reply.text
    assert "no-store" in reply.headers["Cache-Control"]
    assert reply.json["token_type"] == "Bearer"
    assert 0 < reply.json["expires_in"] <= 3600
    assert reply.json["access_token"] != tokens["access_token"]
    assert app.userinfo(reply.json["access_token"]).status_code == 200


@pytest.mark.parametrize("scope", [None, "openid accounts", "accounts openid"])
@pytest.mark.spec("RFC6749-6-2")
def test_a_refresh_works_with_scope_and_without(app: RelyingParty, tokens: dict[str, str], scope: str | None) -> None:
    reply = app.refresh(tokens["refresh_token"], scope=scope)
    assert set(reply.json["scope"].split()) == {"openid", "accounts"}


@pytest.mark.spec("RFC6749-6-2", "RFC9700-4.14.2-1", "RFC6749-3.3-1")
def test_a_refresh_may_narrow_the_scope_and_never_widen_it(app: RelyingParty, tokens: dict[str, str]) -> None:
    narrowed = app.refresh(tokens["refresh_token"], scope="accounts").json
    assert narrowed["scope"] == claims_of(narrowed["access_token"])["scope"] == "accounts"
    assert "id_token" not in narrowed
    assert refusal(app.refresh(narrowed["refresh_token"], scope="accounts payments")) == (400, "invalid_scope")
    # What was narrowed once was narrowed for that token alone; the refused attempt spent nothing.
    assert app.refresh(narrowed["refresh_token"]).json["scope"] == "openid accounts"


@pytest.mark.spec("RFC9700-4.14.2-1", "RFC8707-2.2")
def test_a_refresh_reaches_no_resource_that_was_not_granted(app: RelyingParty, alice: Person) -> None:
    first = app.redeem(code_of(alice.approve(app.authorization_url(resource=BANK)))).json
    assert refusal(app.refresh(first["refresh_token"], resource=ISSUER)) == (400, "invalid_target")
    assert claims_of(app.refresh(first["refresh_token"]).json["access_token"])["aud"] == BANK


@pytest.mark.spec("OIDCC-12.2", "OIDCC-2")
def test_the_id_token_of_a_refresh_is_of_the_same_sign_in_and_a_later_moment(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    before = claims_of(tokens["id_token"])
    app.deployment.wait(1)
    after = claims_of(app.refresh(tokens["refresh_token"]).json["id_token"])
    for name in ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid"):
        assert after[name] == before[name]
    assert after["iat"] == before["iat"] + 1
    assert "azp" not in after
    assert "nonce" not in after


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-9", "RFC6749-10.4-2")
def test_the_previous_token_still_works_thirty_seconds_after_its_successor_was_issued(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    second = app.refresh(tokens["refresh_token"]).json["refresh_token"]
    app.deployment.wait(30)
    repeated = app.refresh(tokens["refresh_token"])
    assert repeated.status_code == 200, repeated.text
    assert repeated.json["refresh_token"] == second
    app.deployment.wait(3600)
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert app.refresh(second).status_code == 200


@pytest.mark.spec("RFC9700-4.14.2-2", "RFC6749-10.4-2")
def test_an_old_token_after_its_successor_was_used_ends_the_family(app: RelyingParty, tokens: dict[str, str]) -> None:
    second = app.refresh(tokens["refresh_token"]).json["refresh_token"]
    third = app.refresh(second).json
    assert refusal(app.refresh(tokens["refresh_token"])) == REFUSED
    assert refusal(app.refresh(third["refresh_token"])) == REFUSED
    assert app.userinfo(third["access_token"]).status_code == 401


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-9")
def test_a_client_may_register_that_its_tokens_do_not_rotate(deployment: Deployment, alice: Person) -> None:
    app = register(deployment, refresh_rotation="never")
    refresh_token = app.redeem(code_of(alice.approve(app.authorization_url()))).json["refresh_token"]
    for _ in range(3):
        assert "refresh_token" not in app.refresh(refresh_token).json
        app.deployment.wait(30)


@pytest.mark.spec("RFC9449-5-3", "RFC9449-5-1")
def test_a_refresh_with_a_new_dpop_key_binds_to_the_new_key(dpop_app: RelyingParty, alice: Person) -> None:
    first = dpop_app.redeem(code_of(alice.approve(dpop_app.authorization_url()))).json
    moved = replace(dpop_app, dpop_key=private_key("ES256", "new"))

    refreshed = moved.refresh(first["refresh_token"]).json

    assert refreshed["token_type"] == "DPoP"
    assert claims_of(refreshed["access_token"])["cnf"] == {"jkt": moved.dpop_key.thumbprint()}
    assert moved.userinfo(refreshed["access_token"]).status_code == 200
    again = replace(dpop_app, dpop_key=private_key("ES256", "newer")).refresh(first["refresh_token"])
    assert again.json["refresh_token"] == refreshed["refresh_token"]


@pytest.mark.spec("RFC9449-5.2-1", "FAPI2-SP-FINAL-5.3.2.1-4")
def test_a_refresh_without_a_proof_is_refused_and_spends_nothing(dpop_app: RelyingParty, alice: Person) -> None:
    first = dpop_app.redeem(code_of(alice.approve(dpop_app.authorization_url()))).json
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert refusal(dpop_app.send("/token", {**form, **dpop_app.credentials()})) == (400, "invalid_dpop_proof")
    assert dpop_app.refresh(first["refresh_token"]).status_code == 200


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-4", "RFC8705-3-1")
def test_a_refresh_without_a_certificate_is_refused_and_spends_nothing(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    refused = replace(app, certificate=None).refresh(tokens["refresh_token"])
    assert refusal(refused) == (400, "invalid_request")
    assert app.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("RFC6749-6-1", "RFC6749-3.2.1-1", "RFC6749-10.4-1")
def test_a_refresh_without_client_authentication_is_refused_and_spends_nothing(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    for client_id in (None, "app"):
        refused = app.refresh(
            tokens["refresh_token"], client_assertion=None, client_assertion_type=None, client_id=client_id
        )
        assert refusal(refused) == (401, "invalid_client")
    assert app.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("RFC6749-6-1", "RFC6749-10.4-1", "RFC9700-4.14.2-2")
def test_another_client_gets_nothing_and_ends_nothing(app: RelyingParty, tokens: dict[str, str]) -> None:
    second = register(app.deployment, "second")
    successor = app.refresh(tokens["refresh_token"]).json["refresh_token"]
    for refresh_token in (tokens["refresh_token"], successor, tokens["refresh_token"]):
        assert refusal(second.refresh(refresh_token)) == REFUSED
    third = app.refresh(successor).json
    # Even a token that its own client may no longer use tells another client nothing and ends nothing.
    assert refusal(second.refresh(tokens["refresh_token"])) == REFUSED
    assert app.refresh(third["refresh_token"]).status_code == 200
    assert "refresh.reuse_detected" not in app.deployment.event_names()


@pytest.mark.spec("RFC6749-5.2-1", "RFC6749-6-1")
def test_no_token_is_an_invalid_request_and_an_unknown_one_an_invalid_grant(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    assert refusal(app.refresh("")) == (400, "invalid_request")
    for unknown in ("x", tokens["refresh_token"][:-1], tokens["refresh_token"] + "x", "é", "x" * 9000):
        assert refusal(app.refresh(unknown)) == REFUSED


@pytest.mark.spec("RFC6749-6-1", "RFC7662-4-1")
def test_a_locked_account_is_refreshed_no_more_whatever_the_scope(app: RelyingParty, tokens: dict[str, str]) -> None:
    lock_person(app.deployment)
    for scope in ("openid", "accounts", None):
        assert refusal(app.refresh(tokens["refresh_token"], scope=scope)) == REFUSED


@pytest.mark.spec("RFC9700-4.14.2-3")
def test_a_refresh_token_not_used_for_thirty_days_is_dead(app: RelyingParty, tokens: dict[str, str]) -> None:
    app.deployment.wait(29 * DAY)
    second = app.refresh(tokens["refresh_token"]).json["refresh_token"]
    app.deployment.wait(30 * DAY)
    assert refusal(app.refresh(second)) == REFUSED


@pytest.mark.spec("RFC9700-4.14.2-3")
def test_no_grant_outlives_its_end_however_often_it_is_refreshed(sqlite_database: Database, sqlite_url: str) -> None:
    app = register(deploy(sqlite_database, sqlite_url, grant_lifetime=3600))
    tokens = app.redeem(code_of(Person(app.deployment).approve(app.authorization_url(scope="openid")))).json
    app.deployment.wait(3500)
    last = app.refresh(tokens["refresh_token"]).json
    assert last["expires_in"] == 100
    app.deployment.wait(100)
    assert refusal(app.refresh(last["refresh_token"])) == REFUSED
    assert app.userinfo(last["access_token"]).status_code == 401


@pytest.mark.spec("RFC6749-10.4-1", "RFC6749-10.3-1")
def test_no_token_is_stored_in_clear(app: RelyingParty, tokens: dict[str, str]) -> None:
    successor = app.refresh(tokens["refresh_token"]).json["refresh_token"]
    with app.deployment.database.read() as connection:
        rows = repr([tuple(row) for row in connection.exec_driver_sql("SELECT * FROM issued_tokens")])
    assert "app" in rows
    for token in (tokens["access_token"], tokens["refresh_token"], successor):
        assert token not in rows
