"""Public clients of the plain profile: browser and native apps, which hold no credential and get no trust for one."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from authserver.clients.registration import prepare_registration
from authserver.keys.verifier import read_unverified
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import BANK, ISSUER, Deployment
from tests.support.jose import private_key
from tests.support.login_app import is_error_page, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import REDIRECT_URI, VERIFIER, RelyingParty, Reply, answer_of, claims_of, register

LOOPBACK = "http://127.0.0.1/callback"
PUBLIC: dict[str, Any] = {
    "profile": "oidc",
    "token_endpoint_auth_method": "none",
    "redirect_uris": [REDIRECT_URI, LOOPBACK, "http://[::1]/callback?kind=native", "com.example.app:/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid email offline_access",
}


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """A public client, whose tokens are bound to no key."""
    return register_login_app(deployment, **PUBLIC)


def refusal_of(**changes: object) -> InvalidClientMetadata:
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration({**PUBLIC, **changes}, default_profile="oidc")
    return refused.value


def with_key(app: RelyingParty, path: str, form: dict[str, object], *, name: str = "dpop") -> Reply:
    """Send a token request of a public client with a DPoP proof by the key of that name."""
    proof = app.proof("POST", ISSUER + path, key=private_key("ES256", name))
    return app.send(path, {"client_id": app.client_id, **form}, headers={"DPoP": proof})


@pytest.mark.spec("RFC6749-3.2.1", "RFC6749-2.1", "RFC9700-2.1.1")
def test_a_public_client_signs_a_person_in_and_refreshes(app: RelyingParty, alice: Person) -> None:
    first = app.redeem(code_of(alice.approve(plain_url(app)))).json

    assert claims_of(first["id_token"])["aud"] == app.client_id
    assert first["token_type"] == "Bearer"
    assert app.userinfo(first["access_token"]).json["email"]
    second = app.refresh(first["refresh_token"])
    assert second.status_code == 200
    assert second.json["refresh_token"] != first["refresh_token"]


@pytest.mark.spec("RFC9126-2", "RFC7009-2.1")
def test_it_may_push_its_request_and_give_a_token_back(app: RelyingParty, alice: Person) -> None:
    tokens = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid")))).json
    assert app.revoke(tokens["access_token"]).status_code == 200
    assert app.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("changes", [{"code_challenge": None, "code_challenge_method": None}])
@pytest.mark.spec("RFC9700-2.1.1", "RFC7636-4.4.1")
def test_without_pkce_it_gets_no_code(app: RelyingParty, alice: Person, changes: dict[str, None]) -> None:
    location = alice.open(plain_url(app, **changes)).headers["Location"]
    assert answer_of(location)["error"] == "invalid_request"
    assert refusal(app.push(scope="openid", **changes)) == (400, "invalid_request")


@pytest.mark.spec("RFC7636-4.6")
def test_a_code_alone_is_worth_nothing(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(plain_url(app)))
    assert refusal(app.redeem(code, code_verifier=None)) == (400, "invalid_grant")
    assert refusal(app.redeem(code, code_verifier="x" * 43)) == (400, "invalid_grant")
    assert app.redeem(code).status_code == 200


@pytest.mark.parametrize("path", ["/introspect", "/introspect/ended"])
@pytest.mark.spec("RFC7662-2.1")
def test_it_may_not_introspect(app: RelyingParty, path: str) -> None:
    form = {"client_id": app.client_id, "token": "x", "token_hashes": "x"}
    assert refusal(app.send(path, form)) == (401, "invalid_client")


@pytest.mark.spec("RFC6749-3.2.1-1")
def test_a_confidential_client_is_not_known_by_its_id_alone(deployment: Deployment) -> None:
    for method in ("client_secret_basic", "private_key_jwt", "tls_client_auth"):
        other = register_login_app(deployment, method, token_endpoint_auth_method=method)
        form = {"client_id": other.client_id, "grant_type": "client_credentials"}
        assert refusal(other.send("/token", form)) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("member", "changes"),
    [
        ("token_endpoint_auth_method", {"profile": "fapi2"}),
        ("grant_types", {"grant_types": ["authorization_code", "client_credentials"]}),
        ("resource", {"resource": [BANK]}),
        ("refresh_rotation", {"refresh_rotation": "never"}),
        ("scope", {"scope": "openid accounts"}),
    ],
)
@pytest.mark.spec("RFC6749-2.1", "RFC6749-4.4.2", "RFC9700-2.2.2", "RFC9700-2.2.1", "FAPI2-SP-FINAL-5.3.2.1-3")
def test_it_cannot_register_for_what_needs_a_credential(member: str, changes: dict[str, object]) -> None:
    assert refusal_of(**changes).member == member


@pytest.mark.spec("RFC9700-4.14.2", "RFC9700-2.2.2")
def test_its_refresh_tokens_rotate_whatever_the_policy_and_an_old_one_ends_the_grant(
    app: RelyingParty, alice: Person
) -> None:
    first = app.redeem(code_of(alice.approve(plain_url(app)))).json["refresh_token"]
    second = app.refresh(first).json["refresh_token"]
    assert app.refresh(first).json["refresh_token"] == second, "an answer that was lost is given again"
    app.deployment.wait(60)

    assert refusal(app.refresh(first)) == (400, "invalid_grant")
    assert refusal(app.refresh(second)) == (400, "invalid_grant"), "two held it, and nobody knows which is the app"


@pytest.mark.spec("RFC9449-5", "RFC9449-5.2")
def test_with_dpop_its_refresh_token_is_worth_nothing_without_the_key(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(plain_url(app)))
    redeeming = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    tokens = with_key(app, "/token", {**redeeming, "code_verifier": VERIFIER}).json
    assert tokens["token_type"] == "DPoP"
    refreshing = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    assert refusal(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert refusal(with_key(app, "/token", refreshing, name="another")) == (400, "invalid_grant")
    renewed = with_key(app, "/token", refreshing).json
    again = {**refreshing, "refresh_token": renewed["refresh_token"]}
    assert refusal(with_key(app, "/token", again, name="another")) == (400, "invalid_grant")
    assert with_key(app, "/token", again).status_code == 200


@pytest.mark.parametrize(
    ("redirect_uri", "is_known"),
    [
        ("http://127.0.0.1:51004/callback", True),
        ("http://127.0.0.1:1/callback", True),
        ("http://[::1]:65535/callback?kind=native", True),
        ("http://[::1]:8080/callback", False),
        ("http://127.0.0.1:65536/callback", False),
        ("http://127.0.0.1:0/callback", False),
        ("http://127.0.0.1:51004/callback/", False),
        ("http://127.0.0.1:51004@evil.example/callback", False),
        ("http://127.0.0.2:51004/callback", False),
        ("http://localhost:51004/callback", False),
        ("https://127.0.0.1:51004/callback", False),
        ("https://app.example:8443/callback", False),
    ],
)
@pytest.mark.spec("RFC8252-7.3", "RFC9700-4.1.3")
def test_a_loopback_address_may_have_any_port_and_nothing_else_may(
    app: RelyingParty, alice: Person, redirect_uri: str, *, is_known: bool
) -> None:
    url = plain_url(app, redirect_uri=redirect_uri)
    if not is_known:
        assert is_error_page(alice.open(url), "invalid_request")
        return
    location = alice.approve(url)
    assert location.startswith(redirect_uri)
    code = dict(parse_qsl(urlsplit(location).query))["code"]
    assert refusal(app.redeem(code)) == (400, "invalid_grant")
    assert app.redeem(code, redirect_uri=redirect_uri).status_code == 200


@pytest.mark.spec("RFC8252-8.3")
def test_localhost_is_refused_in_words_that_name_what_would_do() -> None:
    refused = refusal_of(redirect_uris=["http://localhost:8000/callback"])
    assert refused.member == "redirect_uris"
    assert "http://127.0.0.1 or http://[::1]" in refused.description


@pytest.mark.parametrize("redirect_uri", [LOOPBACK, "com.example.app:/callback"])
@pytest.mark.spec("RFC8252-8.6", "RFC6749-10.2")
def test_what_was_allowed_before_answers_no_app_that_any_other_could_be(
    app: RelyingParty, alice: Person, redirect_uri: str
) -> None:
    url = plain_url(app, redirect_uri=redirect_uri)
    alice.approve(url)
    assert alice.open(url).request.path == "/consent"
    silent = alice.open(plain_url(app, redirect_uri=redirect_uri, prompt="none")).headers["Location"]
    assert answer_of(silent)["error"] == "consent_required"


@pytest.mark.spec("OIDCC-3.1.2.4")
def test_at_an_https_address_it_is_not_asked_for_twice(app: RelyingParty, alice: Person) -> None:
    alice.approve(plain_url(app))
    assert "code=" in alice.open(plain_url(app)).headers["Location"]


@pytest.mark.spec("OAUTH-MRT-2.1")
def test_an_answer_may_travel_in_the_fragment(app: RelyingParty, alice: Person) -> None:
    location = alice.approve(plain_url(app, response_mode="fragment"))
    address, _, fragment = location.partition("#")
    assert address == REDIRECT_URI
    answer = dict(parse_qsl(fragment))
    assert (answer["state"], answer["iss"]) == ("state-123", ISSUER)
    assert app.redeem(answer["code"]).status_code == 200


@pytest.mark.spec("RFC6749-2.1", "RFC6585-4")
def test_who_says_to_be_a_public_client_uses_up_no_one_elses_share(deployment: Deployment) -> None:
    app = register_login_app(deployment, **PUBLIC, request_limit="2/minute")
    form = {"client_id": app.client_id, "grant_type": "refresh_token", "refresh_token": "x"}

    def ask(address: str) -> int:
        return deployment.app.test_client().post("/token", data=form, environ_base={"REMOTE_ADDR": address}).status_code

    assert [ask("203.0.113.1") for _ in range(3)] == [400, 400, 429]
    assert ask("203.0.113.2") == 400


@pytest.mark.spec("OIDCR-2", "OIDCC-15.1")
def test_id_tokens_are_signed_with_rs256_where_a_plain_client_registers_nothing(
    deployment: Deployment, alice: Person
) -> None:
    metadata = {"redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "client_secret_basic"}
    stored = prepare_registration(metadata, default_profile="oidc").metadata
    assert stored["id_token_signed_response_alg"] == "RS256", "what is stored tells it"
    app = register(deployment, "plain", **PUBLIC, tls_client_certificate_bound_access_tokens=False)
    app.certificate = None
    id_token = app.redeem(code_of(alice.approve(plain_url(app)))).json["id_token"]
    assert read_unverified(id_token).header["alg"] == "RS256"
