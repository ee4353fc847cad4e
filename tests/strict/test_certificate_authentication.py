"""`tls_client_auth` and `self_signed_tls_client_auth`: which certificate authenticates which client."""

import base64
from urllib.parse import urlencode

import pytest

from tests.support.authority import CertificateWithKey, common_name, create_authority, self_signed
from tests.support.deployment import ISSUER, Deployment, authority
from tests.support.jose import private_key
from tests.support.machine_calls import MACHINE_ENDPOINTS, call, honest_form
from tests.support.refusals import refusal
from tests.support.relying_party import ASSERTION_TYPE, RelyingParty, basic, register

REFUSED = (401, "invalid_client")
METHODS = ("tls_client_auth", "self_signed_tls_client_auth")


@pytest.fixture(scope="module")
def clients(shared: Deployment) -> dict[str, RelyingParty]:
    """A client of each method, and one that signs assertions."""
    found = {method: register(shared, method, token_endpoint_auth_method=method) for method in METHODS}
    return {**found, "private_key_jwt": register(shared, "signs")}


@pytest.fixture(params=METHODS)
def client(clients: dict[str, RelyingParty], request: pytest.FixtureRequest) -> RelyingParty:
    """A client that authenticates by its certificate."""
    return clients[request.param]


def call_with(
    client: RelyingParty, path: str, certificate: CertificateWithKey | None, **changes: object
) -> tuple[int, str]:
    """Call an endpoint with another certificate, or none, and return the refusal."""
    other = RelyingParty(client.deployment, client.client_id, client.method, certificate=certificate, key=client.key)
    return refusal(call(other, path, **changes))


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-6", "RFC8705-2-3", "RFC9126-2.1-1")
def test_the_registered_certificate_authenticates(client: RelyingParty, path: str) -> None:
    assert call(client, path).status_code in {200, 201}


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC8705-2-1", "RFC6749-3.2.1-1")
def test_without_a_certificate_there_is_no_authentication(client: RelyingParty, path: str) -> None:
    assert call_with(client, path, None) == REFUSED


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC8705-2-2")
def test_a_certificate_without_client_id_names_no_client(client: RelyingParty, path: str) -> None:
    assert call_with(client, path, client.certificate, client_id=None) == REFUSED


@pytest.mark.spec("RFC8705-2-3", "RFC6749-4.1.3-1")
def test_the_certificate_of_another_client_does_not_do(clients: dict[str, RelyingParty]) -> None:
    by_authority, self_made = (clients[method] for method in METHODS)
    another = register(by_authority.deployment, "another", token_endpoint_auth_method="tls_client_auth")
    assert call_with(by_authority, "/token", another.certificate) == REFUSED
    assert call_with(by_authority, "/token", self_made.certificate) == REFUSED
    assert call_with(self_made, "/token", by_authority.certificate) == REFUSED


@pytest.mark.spec("RFC8705-2.1-1", "RFC8705-7.4-1")
def test_the_right_name_from_an_unknown_authority_does_not_do(clients: dict[str, RelyingParty]) -> None:
    client = clients["tls_client_auth"]
    now = client.deployment.now
    stranger = create_authority("Strangers", now).issue_client(common_name(client.client_id), now)
    assert call_with(client, "/token", stranger) == REFUSED
    assert call_with(client, "/token", self_signed(common_name(client.client_id), now)) == REFUSED
    assert call_with(client, "/token", authority().issue_client(common_name("elsewhere"), now)) == REFUSED


@pytest.mark.spec("RFC8705-2.1-1")
def test_an_expired_certificate_does_not_do(deployment: Deployment) -> None:
    client = register(deployment, token_endpoint_auth_method="tls_client_auth")
    assert call(client).status_code == 200
    deployment.wait(100 * 365 * 86_400)
    assert refusal(call(client)) == REFUSED


@pytest.mark.spec("RFC8705-2.2-1")
def test_a_new_self_signed_certificate_of_the_same_name_does_not_do(clients: dict[str, RelyingParty]) -> None:
    client = clients["self_signed_tls_client_auth"]
    again = self_signed(common_name(client.client_id), client.deployment.now)
    assert call_with(client, "/token", again) == REFUSED


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3-1")
def test_a_client_that_signs_is_not_authenticated_by_its_certificate(
    clients: dict[str, RelyingParty], path: str
) -> None:
    signs = clients["private_key_jwt"]
    changes = {"client_id": signs.client_id, "client_assertion": None, "client_assertion_type": None}
    assert call_with(signs, path, signs.certificate, **changes) == REFUSED


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3-1")
def test_a_second_method_beside_the_certificate_is_refused(client: RelyingParty, path: str) -> None:
    assertion = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": client.assertion()}
    assert call_with(client, path, client.certificate, **assertion) == REFUSED
    assert call_with(client, path, client.certificate, client_secret="secret") == REFUSED
    form = {**honest_form(client, path), "client_id": client.client_id}
    headers = {"Authorization": basic(client.client_id, "secret")}
    assert refusal(client.send(path, form, headers=headers, certificate=client.certificate)) == REFUSED


@pytest.mark.spec("RFC6749-2.3-1")
def test_an_assertion_by_the_key_in_the_certificate_is_not_the_registered_method(
    clients: dict[str, RelyingParty],
) -> None:
    client = clients["self_signed_tls_client_auth"]
    signer = RelyingParty(client.deployment, client.client_id, "private_key_jwt", key=private_key("ES256", "own"))
    assert refusal(call(signer)) == REFUSED


@pytest.mark.parametrize("header", ["", "::", ":MIIB:", ":####:", "MIIB", ":" + "A" * 9000 + ":", "\xe9"])
@pytest.mark.spec("RFC9440-2.1", "RFC8705-7.5-1")
def test_a_certificate_header_that_cannot_be_read_is_no_certificate(client: RelyingParty, header: str) -> None:
    form = {**honest_form(client, "/token"), "client_id": client.client_id}
    assert refusal(client.send("/token", form, headers={"Client-Cert": header})) == REFUSED


@pytest.mark.parametrize("name", ["Client-Cert", "X-SSL-Client-Cert", "X-Forwarded-Client-Cert"])
@pytest.mark.spec("RFC8705-6.5-1", "RFC9700-4.13-1", "RFC9700-2.6-3", "RFC9440-4")
def test_a_certificate_header_from_no_trusted_proxy_is_dropped_and_counted(
    clients: dict[str, RelyingParty], name: str
) -> None:
    client = clients["tls_client_auth"]
    assert client.certificate is not None
    dropped = client.deployment.event_names().count("client_certificate.dropped")
    form = {**honest_form(client, "/token"), "client_id": client.client_id}
    reply = client.deployment.app.test_client().post(
        "/token",
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers={name: f":{base64.b64encode(client.certificate.der).decode()}:"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
        base_url=ISSUER,
    )
    assert reply.status_code == 401
    assert client.deployment.event_names().count("client_certificate.dropped") == dropped + 1
