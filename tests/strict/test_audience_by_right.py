"""An API is the audience of a token where the token is good for something there, and of no other token."""

import pytest

from tests.support.deployment import BANK, ISSUER, VAULT, Deployment
from tests.support.login_app import plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, answer_of, claims_of, register, register_bank, register_vault

REFUSED = (400, "invalid_target")


@pytest.fixture(scope="module")
def app(shared: Deployment) -> RelyingParty:
    """An app with bound tokens."""
    return register(shared, scope="openid profile accounts vault")


@pytest.mark.spec("RFC8707-2", "RFC9700-2.2.1", "RFC9700-2.3")
def test_a_plain_log_in_app_gets_no_bearer_token_for_an_api(shared: Deployment, signed_in: Person) -> None:
    login_app = register_login_app(shared)
    at_issuer = plain_url(login_app, resource=ISSUER)
    for url in (
        plain_url(login_app, resource=BANK),
        plain_url(login_app, resource=VAULT),
        f"{at_issuer}&resource={BANK}",
    ):
        assert answer_of(signed_in.open(url).headers["Location"])["error"] == "invalid_target"
    code = code_of(signed_in.approve(at_issuer))
    tokens = login_app.redeem(code).json
    assert claims_of(tokens["access_token"])["aud"] == ISSUER
    assert tokens["token_type"] == "Bearer"


@pytest.mark.parametrize("resource", [BANK, VAULT, [BANK, VAULT], [BANK, ISSUER]])
@pytest.mark.spec("RFC8707-2")
def test_who_a_person_is_makes_no_api_an_audience(app: RelyingParty, resource: object) -> None:
    assert refusal(app.push(scope="openid profile", resource=resource)) == REFUSED


@pytest.mark.spec("RFC8707-2")
def test_each_resource_that_is_named_serves_something_of_what_is_asked_for(app: RelyingParty) -> None:
    assert refusal(app.push(scope="openid accounts", resource=VAULT)) == REFUSED
    assert refusal(app.push(scope="openid accounts", resource=[BANK, VAULT])) == REFUSED
    assert refusal(app.push(scope="accounts", resource=ISSUER)) == REFUSED
    assert refusal(app.client_credentials(scope="accounts", resource=VAULT)) == REFUSED
    assert app.push(scope="openid accounts vault", resource=[BANK, VAULT, ISSUER]).status_code == 201


@pytest.mark.spec("RFC8707-2", "RFC8707-2.2")
def test_a_refresh_for_less_is_for_fewer_and_names_none_that_it_does_not_reach(deployment: Deployment) -> None:
    register_bank(deployment)
    vault = register_vault(deployment)
    app = register(deployment, scope="openid accounts vault")
    url = app.authorization_url(scope="openid accounts vault", resource=[BANK, VAULT])
    tokens = app.redeem(code_of(Person(deployment).approve(url))).json
    assert vault.introspect(tokens["access_token"]).json["scope"] == "vault"

    less = app.refresh(tokens["refresh_token"], scope="accounts").json
    assert claims_of(less["access_token"])["aud"] == BANK
    refused = app.refresh(less["refresh_token"], scope="accounts", resource=VAULT)
    assert refusal(refused) == REFUSED
    assert refusal(app.refresh(less["refresh_token"], scope="openid")) == REFUSED
    assert app.refresh(less["refresh_token"], scope="vault", resource=VAULT).status_code == 200


@pytest.mark.spec("RFC8707-2", "RFC9700-2.3")
def test_an_api_that_lists_a_scope_of_openid_gets_no_token_for_it(deployment: Deployment) -> None:
    register_vault(deployment)
    deployment.change_client("vault", resource_scopes="vault profile openid")
    app = register(deployment, scope="openid profile vault")
    alice = Person(deployment)
    told = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid profile")))).json
    assert claims_of(told["access_token"])["aud"] == ISSUER
    assert refusal(app.push(scope="openid profile", resource=VAULT)) == REFUSED


@pytest.mark.parametrize(
    ("language", "label"), [("en", "Used at"), ("de", "Wird genutzt bei"), ("fr", "Utilisé auprès de")]
)
@pytest.mark.spec("RFC8707-2", "RFC6749-10.2")
def test_the_consent_page_names_the_apis_that_take_the_token(deployment: Deployment, language: str, label: str) -> None:
    register_bank(deployment, client_name="Harbour Bank accounts")
    register_vault(deployment, client_name="Harbour Bank vault")
    app = register(deployment, scope="openid profile accounts vault")
    alice = Person(deployment)

    def page(**asked: object) -> str:
        shown = alice.open(app.authorization_url(ui_locales=language, prompt="consent", **asked))
        while shown.request.path != "/consent":
            shown = alice.sign_in(shown) if shown.request.path == "/login" else alice.enter_code(shown)
        return shown.text

    assert label not in page(scope="openid profile")
    one = page(scope="openid accounts vault", resource=VAULT)
    assert label in one
    assert "Harbour Bank vault" in one
    assert "Harbour Bank accounts" not in one
    assert "Harbour Bank accounts, Harbour Bank vault" in page(scope="accounts vault")
