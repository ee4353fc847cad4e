"""What is said over TLS alone, and what every answer tells the browser about that."""

import pytest

from authserver.settings.load import SettingsError, parse_settings
from tests.support.deployment import Deployment
from tests.support.machine_calls import MACHINE_ENDPOINTS
from tests.support.relying_party import RelyingParty, register

A_YEAR = 365 * 86_400
PATHS = (*MACHINE_ENDPOINTS, "/authorize", "/userinfo", "/jwks", "/.well-known/openid-configuration", "/login", "/none")


@pytest.fixture(scope="module")
def client(shared: Deployment) -> RelyingParty:
    """Anyone at all."""
    return register(shared)


@pytest.mark.parametrize("name", ["issuer", "mtls_origin"])
@pytest.mark.parametrize("value", ["http://login.example", "login.example", "https://login.example/#x", "https://x/?y"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.2.1-1", "RFC6749-1.6", "RFC9207-2-2")
def test_a_server_cannot_be_set_up_under_a_url_without_tls(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match="https origin"):
        parse_settings({name: value})


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.1-1", "FAPI2-SP-FINAL-5.4.2-1", "RFC6749-1.6", "RFC7662-2-1", "RFC7009-2-2")
def test_every_url_in_the_metadata_is_under_tls(client: RelyingParty) -> None:
    metadata = client.send("/.well-known/openid-configuration").json
    named = {**metadata, **metadata["mtls_endpoint_aliases"]}
    urls = {name: url for name, url in named.items() if name.endswith(("_endpoint", "_uri")) or name == "issuer"}
    assert {"token_endpoint", "introspection_endpoint", "revocation_endpoint", "jwks_uri"} <= set(urls)
    assert all(url.startswith("https://") for url in urls.values())


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.spec("FAPI2-SP-FINAL-5.2.3-1", "RFC6797-7.1")
def test_every_answer_keeps_the_browser_on_tls(client: RelyingParty, path: str) -> None:
    value = client.send(path).headers["Strict-Transport-Security"]
    assert int(value.partition("max-age=")[2].partition(";")[0]) >= A_YEAR


@pytest.mark.spec("RFC9700-4.9.1-1", "RFC9700-2.6-1")
def test_the_metadata_leads_no_client_to_a_resource_server(client: RelyingParty) -> None:
    metadata = client.send("/.well-known/oauth-authorization-server").json
    assert metadata["issuer"] == "https://localhost:8443"
    assert "protected_resources" not in metadata
    assert "bank.example" not in str(metadata)
