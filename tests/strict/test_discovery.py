"""The discovery document as a conformance tester reads it."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from authserver.clients.registry import FRESH_SECONDS
from authserver.clients.store import set_disabled
from authserver.db.engine import Database
from authserver.profiles.fapi2 import FAPI2
from authserver.profiles.oidc import OIDC
from authserver.settings.load import SettingsError, parse_settings
from tests.support.deployment import ISSUER, MTLS_ORIGIN, Deployment, deploy
from tests.support.details import ACCOUNTS, FUNDS, Document, text_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, Reply, register, register_bank

FAPI_ALGORITHMS = {"PS256", "ES256", "EdDSA", "Ed25519"}
PATHS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
# RFC 8414, OpenID Discovery, PAR, DPoP, mutual TLS, RFC 9207 and the prompt registry; any other member is a warning.
KNOWN_MEMBERS = {
    "device_authorization_endpoint",
    "end_session_endpoint",
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "frontchannel_logout_session_supported",
    "authorization_details_types_supported",
    "issuer",
    "authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "token_endpoint",
    "introspection_endpoint",
    "introspection_signing_alg_values_supported",
    "authorization_signing_alg_values_supported",
    "revocation_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "claims_supported",
    "claim_types_supported",
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_object_signing_alg_values_supported",
    "request_uri_parameter_supported",
    "authorization_response_iss_parameter_supported",
    "require_pushed_authorization_requests",
    "tls_client_certificate_bound_access_tokens",
    "dpop_signing_alg_values_supported",
    "acr_values_supported",
    "prompt_values_supported",
    "ui_locales_supported",
    "mtls_endpoint_aliases",
    *(
        f"{endpoint}_endpoint_auth_{kind}_supported"
        for endpoint in ("token", "introspection", "revocation")
        for kind in ("methods", "signing_alg_values")
    ),
}


@pytest.fixture
def document(app: RelyingParty) -> dict[str, Any]:
    """The document of a deployment with both profiles."""
    return _read(app.deployment)


def _fetch(deployment: Deployment, path: str) -> Reply:
    return RelyingParty(deployment, "anyone").send(path)


def _read(deployment: Deployment) -> dict[str, Any]:
    found: dict[str, Any] = _fetch(deployment, PATHS[0]).json
    return found


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.spec("RFC8414-3", "OIDCD-4", "FAPI2-SP-FINAL-5.3.2.1-1")
def test_the_document_is_json_at_both_well_known_paths(deployment: Deployment, path: str) -> None:
    response = _fetch(deployment, path)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == _read(deployment)


@pytest.mark.spec("RFC8414-3.3", "RFC9207-2.3-2", "OIDCD-4.3")
def test_the_issuer_is_the_url_that_the_document_was_found_under(document: dict[str, Any]) -> None:
    assert document["issuer"] == ISSUER


@pytest.mark.parametrize(
    "issuer", ["http://login.example.com", "https://login.example.com?a=b", "https://login.example.com#a", "login"]
)
@pytest.mark.spec("RFC9207-2-2", "RFC8414-2", "OIDCD-3")
def test_an_issuer_that_is_no_https_url_without_query_and_fragment_stops_the_start(issuer: str) -> None:
    with pytest.raises(SettingsError, match="https origin"):
        parse_settings({"issuer": issuer})


@pytest.mark.spec("RFC8414-2", "OIDCD-3")
def test_every_endpoint_is_an_https_url_of_the_issuer(document: dict[str, Any]) -> None:
    urls = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))}

    assert len(urls) >= 7
    assert all(value.startswith(f"{ISSUER}/") for value in urls.values()), urls


@pytest.mark.spec("RFC8414-2")
def test_no_member_is_unknown_to_the_specifications(document: dict[str, Any]) -> None:
    assert set(document) - KNOWN_MEMBERS == set()


@pytest.mark.spec("RFC8414-3.2")
def test_no_member_is_null_or_an_empty_list(document: dict[str, Any]) -> None:
    assert [name for name, value in document.items() if value in (None, [], {}, "")] == []


@pytest.mark.spec("RFC6749-3.3", "OIDCD-3")
def test_scopes_are_legal_tokens_and_openid_is_among_them(document: dict[str, Any]) -> None:
    assert {"openid", "accounts", "payments"} <= set(document["scopes_supported"])
    assert all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", scope) for scope in document["scopes_supported"])


@pytest.mark.spec("OIDCD-3")
def test_languages_are_canonical_tags(document: dict[str, Any]) -> None:
    assert all(
        re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", tag) for tag in document["ui_locales_supported"]
    )


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-2", "RFC9126-5-2")
def test_the_endpoint_for_pushed_requests_is_published(document: dict[str, Any]) -> None:
    assert document["pushed_authorization_request_endpoint"] == f"{ISSUER}/par"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-7", "RFC9207-2.3-1", "RFC9207-3-1")
def test_the_document_promises_the_issuer_in_every_response_with_a_boolean(document: dict[str, Any]) -> None:
    assert document["authorization_response_iss_parameter_supported"] is True


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-1", "FAPI2-SP-FINAL-5.3.2.2-5", "RFC9700-2.1.1-3")
def test_code_with_s256_is_the_one_way_offered(document: dict[str, Any]) -> None:
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert set(document["response_modes_supported"]) == OIDC.response_modes | FAPI2.response_modes
    assert {"jwt", "query.jwt", "fragment.jwt", "form_post.jwt"} <= set(document["response_modes_supported"])


@pytest.mark.spec("RFC8414-2", "FAPI2-SP-FINAL-5.3.2.1-2")
def test_the_grants_offered_are_those_there_are(document: dict[str, Any]) -> None:
    device = "urn:ietf:params:oauth:grant-type:device_code"
    assert document["grant_types_supported"] == ["authorization_code", "client_credentials", "refresh_token", device]


@pytest.mark.spec("RFC8414-2", "RFC7662-2.1")
def test_no_authentication_is_offered_where_a_public_client_may_come_and_nowhere_else(document: dict[str, Any]) -> None:
    assert "none" in document["token_endpoint_auth_methods_supported"]
    assert "none" in document["revocation_endpoint_auth_methods_supported"]
    assert "none" not in document["introspection_endpoint_auth_methods_supported"]


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-6", "FAPI2-SP-FINAL-5.4.1-1")
def test_fapi_clients_find_their_methods_and_algorithms(document: dict[str, Any]) -> None:
    methods = {"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
    assert methods <= set(document["token_endpoint_auth_methods_supported"])
    assert set(document["token_endpoint_auth_signing_alg_values_supported"]) >= FAPI_ALGORITHMS
    assert FAPI_ALGORITHMS & set(document["id_token_signing_alg_values_supported"])
    assert set(document["dpop_signing_alg_values_supported"]) == FAPI_ALGORITHMS
    assert document["tls_client_certificate_bound_access_tokens"] is True


@pytest.mark.spec("OIDCD-3", "OIDCC-15.1")
def test_plain_openid_clients_find_rs256_and_their_claims(document: dict[str, Any]) -> None:
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    assert document["subject_types_supported"] == ["public"]
    assert {"sub", "name", "email", "address", "phone_number"} <= set(document["claims_supported"])


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1.3", "RFC8725-3.1")
def test_the_algorithm_none_is_offered_nowhere(document: dict[str, Any]) -> None:
    listed = [value for name, value in document.items() if "_alg_values_" in name]
    assert len(listed) == 8
    assert not any("none" in value for value in listed)


@pytest.mark.spec("OIDCD-3")
def test_request_objects_by_reference_are_denied_in_words_since_absence_would_promise_them(
    document: dict[str, Any],
) -> None:
    assert document["request_uri_parameter_supported"] is False
    assert document["request_parameter_supported"] is True


@pytest.mark.spec("RFC8705-5-1")
def test_aliases_for_certificates_name_endpoints_that_there_are_and_never_the_browsers(
    document: dict[str, Any],
) -> None:
    aliases = document["mtls_endpoint_aliases"]

    assert {"token_endpoint", "userinfo_endpoint", "pushed_authorization_request_endpoint"} <= set(aliases)
    assert "authorization_endpoint" not in aliases
    for name, url in aliases.items():
        assert name.endswith("_endpoint")
        assert url == MTLS_ORIGIN + urlsplit(document[name]).path


@pytest.mark.spec("RFC8705-5-1")
def test_no_aliases_are_published_where_one_origin_asks_for_certificates(
    sqlite_database: Database, sqlite_url: str
) -> None:
    assert "mtls_endpoint_aliases" not in _read(deploy(sqlite_database, sqlite_url, mtls_origin=""))


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1", "FAPI2-SP-FINAL-5.3.2.2-3", "RFC9126-5-1")
def test_a_deployment_for_fapi_alone_offers_nothing_else(sqlite_database: Database, sqlite_url: str) -> None:
    document = _read(deploy(sqlite_database, sqlite_url, profiles=("fapi2",)))

    assert document["require_pushed_authorization_requests"] is True
    assert set(document["id_token_signing_alg_values_supported"]) <= FAPI_ALGORITHMS
    assert "client_secret_basic" not in document["token_endpoint_auth_methods_supported"]
    assert "RS256" not in document["token_endpoint_auth_signing_alg_values_supported"]


@pytest.mark.spec("RFC9126-5-1")
def test_a_deployment_with_plain_clients_does_not_demand_pushed_requests_of_all(document: dict[str, Any]) -> None:
    assert document["require_pushed_authorization_requests"] is False


@pytest.mark.spec("RFC9396-10", "RFC9396-5")
def test_types_of_details_are_listed_and_taken_where_an_api_serves_them(deployment: Deployment) -> None:
    app = register(deployment)

    def listed() -> tuple[object, str]:
        reply = app.send(PATHS[1])
        return reply.json.get("authorization_details_types_supported"), reply.headers["ETag"]

    def answer(detail: Document) -> object:
        return refusal(app.push(scope="openid", authorization_details=text_of(detail)))

    refused = (400, "invalid_authorization_details")
    types, first = listed()
    assert types is None, "a member that does not apply is left out"
    assert answer(ACCOUNTS) == answer(FUNDS) == refused

    register_bank(deployment, authorization_details_types=["account_information"])
    types, second = listed()
    assert types == ["account_information"]
    assert app.push(scope="openid", authorization_details=text_of(ACCOUNTS)).status_code == 201
    assert answer(FUNDS) == refused

    with deployment.database.transaction() as connection:
        assert set_disabled(connection, "bank", deployment.now)
    deployment.wait(FRESH_SECONDS)
    assert listed() == (None, first)
    assert second != first
    assert answer(ACCOUNTS) == refused


@pytest.mark.spec("RFC8414-2", "RFC9470-4")
def test_every_acr_that_a_request_may_ask_for_is_listed_weakest_first(document: dict[str, Any]) -> None:
    assert document["acr_values_supported"] == ["urn:openbanking:psd2:ca", "urn:openbanking:psd2:sca", "phr"]
