"""Tokens bound to a client certificate: how they are bound, and that they are of no use without it."""

import base64
import hashlib
from dataclasses import replace

import pytest

from authserver.db.engine import Database
from tests.support.authority import CertificateWithKey, common_name, self_signed
from tests.support.deployment import Deployment, authority, deploy
from tests.support.jose import encode
from tests.support.person import Person, code_of
from tests.support.refusals import challenge, refusal
from tests.support.relying_party import RelyingParty, claims_of, register, register_bank


@pytest.fixture(scope="module", params=["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"])
def client(shared: Deployment, request: pytest.FixtureRequest) -> RelyingParty:
    """A client whose tokens are bound to its certificate, by each method of authentication."""
    return register(shared, f"by-{request.param}", token_endpoint_auth_method=request.param)


@pytest.fixture(scope="module")
def token(client: RelyingParty, signed_in: Person) -> str:
    """An access token of that client."""
    return str(client.redeem(code_of(signed_in.approve(client.authorization_url()))).json["access_token"])


def thumbprint(credential: CertificateWithKey | None) -> str:
    """Compute x5t#S256 without the server's code."""
    assert credential is not None
    return encode(hashlib.sha256(credential.der).digest())


@pytest.mark.spec("RFC8705-3-1", "RFC8705-3.1-1", "RFC8705-7.2-1", "FAPI2-SP-FINAL-5.3.2.1-5", "RFC9700-2.2.1-1")
def test_the_token_is_of_type_bearer_and_bound_to_the_certificate(client: RelyingParty) -> None:
    answer = client.client_credentials().json
    assert answer["token_type"] == "Bearer"
    assert claims_of(answer["access_token"])["cnf"] == {"x5t#S256": thumbprint(client.certificate)}


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-4", "RFC8705-2-1")
def test_without_a_certificate_there_is_no_token(client: RelyingParty) -> None:
    expected = (400, "invalid_request") if client.method == "private_key_jwt" else (401, "invalid_client")
    assert refusal(replace(client, certificate=None).client_credentials()) == expected


@pytest.mark.spec("RFC8705-3.4-1", "FAPI2-SP-FINAL-5.3.2.1-4")
def test_a_client_that_registered_no_binding_must_bring_one_all_the_same(shared: Deployment) -> None:
    client = register(shared, "unbound", tls_client_certificate_bound_access_tokens=False)
    assert refusal(replace(client, certificate=None).client_credentials()) == (400, "invalid_request")
    assert "x5t#S256" in claims_of(client.client_credentials().json["access_token"])["cnf"]


@pytest.mark.spec("RFC8705-3.4-1")
def test_a_plain_client_that_registered_the_binding_gets_no_token_without_it(shared: Deployment) -> None:
    bound = register(shared, "plain-bound", profile="oidc", scope="openid own")
    assert refusal(replace(bound, certificate=None).client_credentials()) == (400, "invalid_request")
    assert "x5t#S256" in claims_of(bound.client_credentials().json["access_token"])["cnf"]


@pytest.mark.parametrize("scheme", ["Bearer", "bEARER", "BEARER", "bearer"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-1", "RFC6750-2.1-1")
def test_the_token_works_with_its_certificate_however_the_scheme_is_written(
    client: RelyingParty, token: str, scheme: str
) -> None:
    headers = {"Authorization": f"{scheme} {token}"}
    assert client.send("/userinfo", headers=headers, certificate=client.certificate).status_code == 200


@pytest.mark.spec("RFC8705-3-2", "FAPI2-SP-FINAL-5.3.4-5", "RFC9700-4.10.1-1")
def test_the_token_with_another_certificate_or_none_is_refused(client: RelyingParty, token: str) -> None:
    now = client.deployment.now
    others = (
        None,
        register(client.deployment, "second").certificate,
        self_signed(common_name(client.client_id), now),
        authority().issue_client(common_name(client.client_id), now),
    )
    for other in others:
        assert challenge(replace(client, certificate=other).userinfo(token)) == (401, "invalid_token")


@pytest.mark.spec("RFC9449-7.1-1", "RFC9449-6-1")
def test_a_certificate_bound_token_is_no_dpop_token(client: RelyingParty, token: str) -> None:
    proof = client.proof("GET", "https://localhost:8443/userinfo", access_token=token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
    reply = client.send("/userinfo", headers=headers, certificate=client.certificate)
    assert challenge(reply) == (401, "invalid_token")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-2", "RFC6750-2.3-1")
def test_a_token_in_the_query_is_not_seen(client: RelyingParty, token: str) -> None:
    reply = client.send(f"/userinfo?access_token={token}", certificate=client.certificate)
    assert challenge(reply) == (401, "")


@pytest.mark.spec("RFC8705-3.2-1")
def test_introspection_tells_the_same_confirmation(client: RelyingParty, token: str) -> None:
    bank = register_bank(client.deployment)
    told = bank.introspect(token).json
    assert told["cnf"] == claims_of(token)["cnf"] == {"x5t#S256": thumbprint(client.certificate)}
    assert told["token_type"] == "Bearer"


@pytest.mark.spec("RFC8705-6.3-1")
def test_a_refresh_binds_to_the_certificate_that_is_then_presented(app: RelyingParty, alice: Person) -> None:
    first = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    renewed = replace(app, certificate=authority().issue_client(common_name("app"), app.deployment.now))

    refreshed = renewed.refresh(first["refresh_token"]).json["access_token"]

    assert claims_of(refreshed)["cnf"] == {"x5t#S256": thumbprint(renewed.certificate)}
    assert renewed.userinfo(refreshed).status_code == 200
    assert challenge(app.userinfo(refreshed)) == (401, "invalid_token")


@pytest.mark.spec("RFC8705-3.3-1", "RFC8705-5-1")
def test_the_metadata_tells_of_binding_and_of_the_urls_that_ask_for_certificates(shared: Deployment) -> None:
    metadata = register(shared).send("/.well-known/openid-configuration").json
    assert metadata["tls_client_certificate_bound_access_tokens"] is True
    aliases = metadata["mtls_endpoint_aliases"]
    assert "token_endpoint" in aliases
    for name, url in aliases.items():
        assert name in metadata
        assert url.startswith("https://localhost:8444/")


@pytest.mark.spec("RFC8705-6.5-1", "RFC9700-4.13-1")
def test_a_certificate_header_sent_past_the_proxy_binds_nothing(shared: Deployment, token: str) -> None:
    client = register(shared)
    assert client.certificate is not None
    reply = shared.app.test_client().get(
        "/userinfo",
        headers={
            "Authorization": f"Bearer {token}",
            "Client-Cert": f":{base64.b64encode(client.certificate.der).decode()}:",
        },
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert reply.status_code == 401


@pytest.mark.spec("RFC8705-6.5-1", "RFC9440-4")
def test_where_the_header_has_a_name_of_its_own_no_other_names_a_client(
    sqlite_database: Database, sqlite_url: str
) -> None:
    deployment = deploy(sqlite_database, sqlite_url, client_cert_header_name="ClientCert5f0c")
    bank = register_bank(deployment)
    assert bank.certificate is not None
    written = f":{base64.b64encode(bank.certificate.der).decode()}:"
    form = {"client_id": "bank", "token": "x"}
    assert bank.send("/introspect", form, headers={"ClientCert5f0c": written}).status_code == 200
    for name in ("Client-Cert", "Client_Cert", "Client-Cert5f0c", "ClientCert_5f0c"):
        assert bank.send("/introspect", form, headers={name: written}).status_code == 401
    assert "client_certificate.dropped" in deployment.event_names()
