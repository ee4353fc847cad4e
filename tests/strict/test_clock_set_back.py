"""A node whose clock was ahead and is set right believes nothing longer than one whose clock ran."""

import json

import pytest

from authserver.clients.store import set_disabled
from tests.support.deployment import BANK, PASSWORD, Deployment
from tests.support.login_app import page_of, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import register, register_bank

_AN_HOUR = 3600


def _disable(deployment: Deployment, client_id: str) -> None:
    with deployment.database.transaction() as connection:
        assert set_disabled(connection, client_id, deployment.now)


@pytest.mark.spec("RFC9700-2.5")
def test_a_disabled_client_is_out_within_two_seconds(deployment: Deployment) -> None:
    client = register(deployment, scope="accounts")
    deployment.wait(_AN_HOUR)
    assert client.client_credentials(scope="accounts").status_code == 200
    deployment.wait(-_AN_HOUR)
    _disable(deployment, "app")
    deployment.wait(2)
    assert client.client_credentials(scope="accounts").json["error"] == "invalid_client"


def _scopes(deployment: Deployment) -> list[str]:
    answer = deployment.app.test_client().get("/.well-known/openid-configuration")
    scopes: list[str] = json.loads(answer.data)["scopes_supported"]
    return scopes


def test_a_disabled_api_is_out_within_two_seconds(deployment: Deployment) -> None:
    deployment.add_client(
        client_id="bank",
        grant_types=["client_credentials"],
        scope="introspection",
        token_endpoint_auth_method="tls_client_auth",
        tls_client_auth_subject_dn="CN=bank",
        resource=[BANK],
        resource_scopes="accounts",
    )
    deployment.wait(_AN_HOUR)
    assert "accounts" in _scopes(deployment)
    deployment.wait(-_AN_HOUR)
    _disable(deployment, "bank")
    deployment.wait(2)
    assert "accounts" not in _scopes(deployment)


@pytest.mark.spec("RTS-SCA-4.3")
@pytest.mark.parametrize("seconds", [_AN_HOUR, 24 * _AN_HOUR])
def test_a_block_lasts_no_longer_than_it_was_to(either: Deployment, seconds: int) -> None:
    url, person = plain_url(register_login_app(either)), Person(either, "bob")
    either.wait(seconds)
    page = person.open(url)
    for _ in range(5):
        page = person.submit(page.request.full_path, page, username="bob", password="a stranger's guess")
    assert "Try again in 1 minute." in page.text
    either.wait(62 - seconds)
    assert page_of(person.sign_in(person.open(url))) == "/consent"


@pytest.mark.spec("RTS-SCA-4.3")
def test_a_block_stands_by_the_clock_of_another_node(either: Deployment) -> None:
    """Nodes may be fifteen seconds apart, so that a block may seem to begin in the future."""
    person = Person(either, "bob")
    page = person.open(plain_url(register_login_app(either)))
    either.wait(15)
    for _ in range(5):
        page = person.submit(page.request.full_path, page, username="bob", password="a stranger's guess")
    either.wait(-15)
    page = person.submit(page.request.full_path, page, username="bob", password=PASSWORD)
    assert "Try again in" in page.text


@pytest.mark.spec("RTS-SCA-4.3")
def test_a_session_of_the_future_is_over(either: Deployment) -> None:
    app, person = register_login_app(either), Person(either, "bob")
    either.wait(_AN_HOUR)
    code_of(person.approve(plain_url(app)))
    assert page_of(person.open(plain_url(app, prompt="consent"))) == "/consent"
    either.wait(-_AN_HOUR)
    assert page_of(person.open(plain_url(app, prompt="consent"))) == "/login"


@pytest.mark.spec("RFC7662-2.2", "FAPI2-SP-FINAL-5.3.2.1-11")
def test_neither_token_nor_code_of_the_future_is_good_and_the_grant_goes_on(either: Deployment) -> None:
    bank, app = register_bank(either), register(either)
    either.wait(_AN_HOUR)
    tokens = app.redeem(code_of(Person(either).approve(app.authorization_url()))).json
    either.wait(30)
    code = code_of(Person(either).approve(app.authorization_url()))
    assert bank.introspect(tokens["access_token"]).json["active"] is True
    either.wait(-_AN_HOUR)
    assert bank.introspect(tokens["access_token"]).json["active"] is False
    assert app.redeem(code).json["error"] == "invalid_grant"
    renewed = app.refresh(tokens["refresh_token"])
    assert renewed.status_code == 200
    assert bank.introspect(renewed.json["access_token"]).json["active"] is True
