"""A client acting for itself: FAPI's client credentials profile."""

import pytest

from tests.support.deployment import BANK, ISSUER, VAULT, Deployment
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, claims_of, register


@pytest.fixture(scope="module")
def client(shared: Deployment) -> RelyingParty:
    """A client that may act for itself, at a bank and at a vault."""
    return register(shared, scope="openid offline_access email accounts payments vault own")


@pytest.mark.spec("RFC6749-4.4-1", "RFC6749-4.4.3-1", "RFC6749-5.1-1", "RFC6749-5.1-2")
def test_the_answer_holds_an_access_token_and_neither_refresh_nor_id_token(client: RelyingParty) -> None:
    reply = client.client_credentials(scope="accounts")
    assert reply.status_code == 200, reply.text
    assert set(reply.json) == {"access_token", "token_type", "expires_in", "scope"}
    assert "no-store" in reply.headers["Cache-Control"]
    assert reply.json["expires_in"] == 300


@pytest.mark.spec("RFC9068-2.2-2", "RFC9068-2.2-1")
def test_the_token_is_about_the_client_and_tells_of_no_sign_in(client: RelyingParty) -> None:
    claims = claims_of(client.client_credentials(scope="accounts").json["access_token"])
    assert claims["sub"] == claims["client_id"] == "app"
    assert not {"auth_time", "acr", "amr", "sid"} & set(claims)


@pytest.mark.spec("RFC6749-3.3-2", "RFC6749-3.3-1")
def test_without_a_scope_the_clients_own_is_granted_and_told(client: RelyingParty) -> None:
    # But for `own`, which no API serves: it would stand in a token that is for others.
    assert client.client_credentials().json["scope"] == "accounts payments vault"


@pytest.mark.parametrize("scope", ["openid", "openid accounts", "offline_access", "email", "unknown", "Accounts"])
@pytest.mark.spec("RFC6749-3.3-2", "FAPI2-SP-FINAL-5.3.2.1-14", "RFC9700-2.3-1")
def test_a_scope_about_a_person_or_beyond_the_registration_is_refused(client: RelyingParty, scope: str) -> None:
    assert refusal(client.client_credentials(scope=scope)) == (400, "invalid_scope")


@pytest.mark.parametrize("scope", ['"', "\\", "é", "a\tb", "a\nb", "\x7f"])
@pytest.mark.spec("RFC6749-3.3-2", "RFC6749-5.2-2")
def test_a_malformed_scope_is_refused(client: RelyingParty, scope: str) -> None:
    assert refusal(client.client_credentials(scope=scope)) == (400, "invalid_scope")


@pytest.mark.spec("RFC6749-3.3-2")
def test_a_client_without_a_scope_of_its_own_is_refused(shared: Deployment) -> None:
    client = register(shared, "sign-in-only", scope="openid email")
    assert refusal(client.client_credentials()) == (400, "invalid_scope")


@pytest.mark.spec("RFC9068-3-1", "RFC8707-2.2", "RFC9700-4.10.2-1")
def test_the_audience_is_the_resource_that_serves_the_scope_or_the_one_named(client: RelyingParty) -> None:
    def audience(**changes: object) -> object:
        return claims_of(client.client_credentials(**changes).json["access_token"])["aud"]

    assert audience(scope="accounts") == BANK
    assert audience(scope="own") == ISSUER
    assert audience(scope="accounts", resource=BANK) == BANK


@pytest.mark.parametrize("resource", ["https://elsewhere.example/", "bank", "https://bank.example/#x", "", "//bank"])
@pytest.mark.spec("RFC8707-2")
def test_an_unknown_or_malformed_resource_is_an_invalid_target(client: RelyingParty, resource: str) -> None:
    reply = client.client_credentials(scope="accounts", resource=resource)
    if resource:
        assert refusal(reply) == (400, "invalid_target")
    else:
        assert reply.status_code == 200  # an empty parameter is an absent one


@pytest.mark.spec("RFC9068-2.1-1", "RFC9700-2.3-1")
def test_a_resource_server_that_wants_opaque_tokens_gets_them(client: RelyingParty) -> None:
    token = client.client_credentials(scope="vault", resource=VAULT).json["access_token"]
    assert "." not in token
    assert len(token) == 43


@pytest.mark.spec("RFC6749-5.2-1")
def test_a_client_not_registered_for_the_grant_may_not_use_it(shared: Deployment) -> None:
    client = register(shared, "code-only", grant_types=["authorization_code"])
    assert refusal(client.client_credentials()) == (400, "unauthorized_client")
    assert refusal(client.refresh("x")) == (400, "unauthorized_client")


@pytest.mark.spec("RFC6749-4.4.2-1", "FAPI2-SP-FINAL-5.3.2.1-3")
def test_without_authentication_there_is_no_token(client: RelyingParty) -> None:
    for client_id in (None, client.client_id):
        reply = client.client_credentials(client_assertion=None, client_assertion_type=None, client_id=client_id)
        assert refusal(reply) == (401, "invalid_client")


@pytest.mark.spec("RFC9068-5-1", "RFC9700-2.6-2", "RFC9700-4.15.1-1")
def test_a_client_named_like_a_person_is_not_taken_for_one(shared: Deployment, signed_in: Person) -> None:
    client = register(shared, "victim-finder")
    tokens = client.redeem(code_of(signed_in.approve(client.authorization_url()))).json
    subject = claims_of(tokens["access_token"])["sub"]
    impostor = register(shared, subject)
    token = impostor.client_credentials(scope="accounts").json["access_token"]
    claims = claims_of(token)
    # The same text in `sub`, but no resource server need confuse them: this token says that it is the client itself.
    assert claims["client_id"] == claims["sub"] == subject
    assert claims_of(tokens["access_token"])["client_id"] != subject
    assert impostor.userinfo(token).status_code == 401


@pytest.mark.spec("RFC8414-2")
def test_the_metadata_names_the_grant(client: RelyingParty) -> None:
    metadata = client.send("/.well-known/openid-configuration").json
    assert "client_credentials" in metadata["grant_types_supported"]
