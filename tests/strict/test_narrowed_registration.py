"""What an operator takes out of a registration is not issued again, by a token request, at UserInfo or by a page."""

import json

import pytest

from tests.support.deployment import BANK, VAULT, Deployment
from tests.support.details import ACCOUNTS, PAYMENT
from tests.support.grants import make_code
from tests.support.login_app import is_error_page, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, claims_of, register, register_vault

REFUSED = (400, "invalid_grant")


@pytest.fixture
def tokens(app: RelyingParty, alice: Person) -> dict[str, str]:
    """What the app got for a code over everything it may ask for."""
    url = app.authorization_url(scope="openid email accounts payments", claims='{"userinfo":{"name":null}}')
    return dict(app.redeem(code_of(alice.approve(url))).json)


@pytest.mark.spec("RFC6749-6", "RFC6749-5.1")
def test_a_scope_that_was_taken_out_is_refreshed_no_more_and_the_answer_says_so(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    app.deployment.change_client("app", scope="openid email accounts")

    refreshed = app.refresh(tokens["refresh_token"])

    assert refreshed.status_code == 200
    assert refreshed.json["scope"] == claims_of(refreshed.json["access_token"])["scope"] == "openid email accounts"
    assert refusal(app.refresh(refreshed.json["refresh_token"], scope="payments")) == (400, "invalid_scope")


@pytest.mark.spec("RFC7662-2.2", "RFC6749-5.1")
def test_a_scope_that_an_api_has_ceased_to_serve_stands_in_no_new_token(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    assert claims_of(tokens["access_token"])["scope"] == "openid email accounts payments"
    app.deployment.change_client("bank", resource_scopes="accounts")

    refreshed = app.refresh(tokens["refresh_token"]).json

    assert claims_of(refreshed["access_token"])["scope"] == refreshed["scope"] == "openid email accounts"


@pytest.mark.spec("RFC6749-6")
def test_a_grant_of_which_nothing_is_left_is_refused(app: RelyingParty) -> None:
    code = make_code(app.deployment, "app", ("accounts",))
    app.deployment.change_client("app", scope="openid")

    assert refusal(app.redeem(code)) == REFUSED


@pytest.mark.spec("RFC6749-5.1")
def test_a_code_is_good_for_no_scope_that_was_taken_out_meanwhile(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url(scope="openid accounts payments")))
    app.deployment.change_client("app", scope="openid accounts")

    assert app.redeem(code).json["scope"] == "openid accounts"


@pytest.mark.spec("RFC6749-4.1.3", "RFC9700-4.11")
@pytest.mark.parametrize("change", [{"redirect_uris": ["https://app.example/other"]}])
def test_a_code_that_went_to_an_address_taken_out_since_is_worth_nothing(
    app: RelyingParty, alice: Person, change: dict[str, object]
) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    app.deployment.change_client("app", **change)

    assert refusal(app.redeem(code)) == REFUSED


@pytest.mark.spec("RFC9396-10", "RFC9396-6")
@pytest.mark.parametrize("detail", [ACCOUNTS, PAYMENT])
def test_a_type_of_details_that_was_taken_out_leaves_no_scope_that_stood_beside_it(
    app: RelyingParty, detail: dict[str, object]
) -> None:
    deployment = app.deployment
    code = make_code(deployment, "app", ("openid", "accounts", "payments"), details=(detail,))
    deployment.change_client("app", authorization_details_types=["funds_confirmation"])

    assert refusal(app.redeem(code)) == REFUSED


@pytest.mark.spec("RFC9700-2.2.1", "RFC9449-5.2")
def test_a_client_that_binds_no_more_gets_nothing_from_a_grant_over_data(
    app: RelyingParty, tokens: dict[str, str]
) -> None:
    app.deployment.change_client(
        "app",
        profile="oidc",
        scope="openid profile email",
        authorization_details_types=[],
        tls_client_certificate_bound_access_tokens=False,
    )

    refused = app.refresh(tokens["refresh_token"])

    assert refusal(refused) == REFUSED


@pytest.mark.spec("RFC6749-5.2")
def test_a_client_without_the_grant_type_refreshes_no_more(app: RelyingParty, tokens: dict[str, str]) -> None:
    app.deployment.change_client("app", grant_types=["authorization_code"])
    assert refusal(app.refresh(tokens["refresh_token"])) == (400, "unauthorized_client")


@pytest.mark.spec("OIDCC-5.3.2", "OIDCC-5.4", "OIDCC-5.5")
def test_userinfo_tells_no_claim_of_a_scope_that_was_taken_out(app: RelyingParty, tokens: dict[str, str]) -> None:
    assert {"email", "name"} <= set(app.userinfo(tokens["access_token"]).json)
    app.deployment.change_client("app", scope="openid accounts payments")

    assert set(app.userinfo(tokens["access_token"]).json) == {"sub"}
    refreshed = app.refresh(tokens["refresh_token"]).json
    assert set(app.userinfo(refreshed["access_token"]).json) == {"sub"}


@pytest.mark.spec("OIDCC-5.3.1")
def test_userinfo_is_closed_to_who_may_sign_nobody_in_any_more(app: RelyingParty, tokens: dict[str, str]) -> None:
    app.deployment.change_client("app", scope="accounts payments")
    assert app.userinfo(tokens["access_token"]).status_code == 403


@pytest.mark.spec("RFC9449-5.2", "OIDCC-5.3.1")
def test_userinfo_takes_no_unbound_token_of_a_client_that_must_bind_now(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    token = app.redeem(code_of(alice.approve(plain_url(app)))).json["access_token"]
    assert app.userinfo(token).status_code == 200
    deployment.change_client("login-app", dpop_bound_access_tokens=True)

    assert app.userinfo(token).status_code == 401


@pytest.mark.spec("OIDCC-5.5")
def test_claims_asked_for_one_by_one_are_those_of_registered_scopes_alone(app: RelyingParty, alice: Person) -> None:
    app.deployment.change_client("app", scope="openid email accounts")
    asked = json.dumps({"id_token": {"email": None, "name": None}, "userinfo": {"name": None, "email": None}})

    tokens = app.redeem(code_of(alice.approve(app.authorization_url(claims=asked)))).json

    assert {"email", "name"} & set(claims_of(tokens["id_token"])) == {"email"}
    assert set(app.userinfo(tokens["access_token"]).json) == {"sub", "email"}


@pytest.mark.spec("OIDCC-5.5", "OIDCC-12.2")
def test_the_id_token_of_a_refresh_tells_no_claim_that_was_taken_out(app: RelyingParty, alice: Person) -> None:
    url = app.authorization_url(claims='{"id_token":{"email":null}}')
    tokens = app.redeem(code_of(alice.approve(url))).json
    assert "email" in claims_of(tokens["id_token"])
    app.deployment.change_client("app", scope="openid accounts payments")

    assert "email" not in claims_of(app.refresh(tokens["refresh_token"]).json["id_token"])


@pytest.mark.spec("RFC9126-7.4")
@pytest.mark.parametrize(
    ("asked", "change"),
    [
        ({}, {"grant_types": ["client_credentials"], "redirect_uris": None}),
        ({"claims": '{"userinfo":{"email":null}}'}, {"scope": "openid accounts"}),
        ({"resource": VAULT, "scope": "openid vault"}, {}),
    ],
)
def test_a_request_pushed_before_the_change_leads_nowhere(
    app: RelyingParty, alice: Person, asked: dict[str, object], change: dict[str, object]
) -> None:
    deployment = app.deployment
    register_vault(deployment)
    deployment.change_client("app", scope="openid email accounts vault")
    alice.approve(app.authorization_url(**asked))  # from here on a consent stands, and no page is between
    url = app.authorization_url(**asked)
    if change:
        deployment.change_client("app", **change)
    else:
        deployment.change_client("vault", resource=["https://other.example/"])

    assert is_error_page(alice.open(url), "invalid_request_uri")


@pytest.mark.spec("RFC9126-7.4", "FAPI2-SP-FINAL-5.3.2.2-5")
def test_a_request_without_pkce_leads_nowhere_once_its_client_must_use_it(
    deployment: Deployment, alice: Person
) -> None:
    metadata = {"profile": "oidc", "scope": "openid", "id_token_signed_response_alg": "ES256"}
    app = register(deployment, authorization_details_types=[], **metadata)
    plain = {"scope": "openid", "code_challenge": None, "code_challenge_method": None}
    alice.approve(app.authorization_url(**plain))
    code = code_of(alice.open(app.authorization_url(**plain)).headers["Location"])
    url = app.authorization_url(**plain)
    deployment.change_client("app", profile="fapi2")

    assert is_error_page(alice.open(url), "invalid_request_uri")
    assert refusal(app.redeem(code, code_verifier=None)) == REFUSED


@pytest.mark.spec("RFC8707-2.2")
def test_a_grant_for_an_api_that_is_gone_is_refused(app: RelyingParty, alice: Person) -> None:
    deployment = app.deployment
    register_vault(deployment)
    deployment.change_client("app", scope="openid accounts vault")
    url = app.authorization_url(resource=[BANK, VAULT], scope="openid accounts vault")
    both = app.redeem(code_of(alice.approve(url))).json
    deployment.change_client("vault", resource=["https://other.example/"])
    assert claims_of(app.refresh(both["refresh_token"]).json["access_token"])["aud"] == BANK
    deployment.change_client("bank", resource=["https://elsewhere.example/"])

    assert refusal(app.refresh(both["refresh_token"])) == REFUSED
