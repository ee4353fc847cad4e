"""Pushed requests: how they are answered, who may push, and what the client's assertion must be."""

from typing import Any

import pytest

from tests.support.deployment import ISSUER, MTLS_ORIGIN, Deployment
from tests.support.login_app import refusal
from tests.support.person import Person
from tests.support.relying_party import ASSERTION_TYPE, RelyingParty, answer_of, register

PAR = f"{ISSUER}/par"
TOKEN = f"{ISSUER}/token"


@pytest.mark.spec("RFC9126-2-1", "RFC9126-2.2-1", "FAPI2-SP-FINAL-5.3.2.2-2")
def test_a_pushed_request_is_answered_201_with_reference_and_lifetime(app: RelyingParty) -> None:
    response = app.push()

    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/json"
    assert "no-store" in response.headers["Cache-Control"]
    assert set(response.json) == {"request_uri", "expires_in"}
    assert response.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-12", "RFC9126-2.2-1")
def test_the_lifetime_is_a_number_of_seconds_between_five_and_six_hundred(app: RelyingParty) -> None:
    expires_in = app.push().json["expires_in"]
    assert isinstance(expires_in, int)
    assert 5 <= expires_in < 600


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.spec("RFC9126-2.3-2", "RFC9126-2-1")
def test_another_method_is_not_allowed(app: RelyingParty, method: str) -> None:
    response = app.send("/par", {**app.request(), **app.credentials()}, method=method)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


@pytest.mark.spec("RFC9126-2.3-2")
def test_a_request_of_more_than_64_kibibytes_is_too_large(app: RelyingParty) -> None:
    assert app.push(state="s" * 70_000).status_code == 413


@pytest.mark.spec("RFC9126-2-1", "RFC6749-B-1")
def test_the_form_is_read_as_utf_8(app: RelyingParty, alice: Person) -> None:
    assert answer_of(alice.approve(app.authorization_url(state="mañana 日本")))["state"] == "mañana 日本"


@pytest.mark.spec("RFC9126-2-1")
def test_a_body_that_is_no_form_is_refused_in_json(app: RelyingParty) -> None:
    client = app.deployment.app.test_client()
    response = client.post("/par", json={"response_type": "code"}, base_url=ISSUER)

    assert response.status_code == 415
    assert response.json is not None
    assert response.json["error"] == "invalid_request"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-4", "RFC9126-2.1-1", "RFC9126-2-2")
def test_a_request_without_client_authentication_is_refused(app: RelyingParty) -> None:
    assert refusal(app.send("/par", app.request())) == (401, "invalid_client")


@pytest.mark.spec("RFC9126-2-2", "RFC9126-2.1-1", "RFC6749-2.3-1")
def test_two_kinds_of_client_authentication_at_once_are_refused(app: RelyingParty) -> None:
    assert refusal(app.push(client_secret="guess")) == (401, "invalid_client")


@pytest.mark.spec("RFC9126-2.1-1", "RFC7521-4.2")
def test_an_assertion_names_the_client_without_help_of_a_parameter(app: RelyingParty, alice: Person) -> None:
    assert "code" in answer_of(alice.approve(app.authorization_url(client_id=None)))


@pytest.mark.spec("RFC9126-2.1-1", "RFC7521-4.2")
def test_another_clients_id_beside_the_assertion_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(client_id="bank")) == (401, "invalid_client")


@pytest.mark.parametrize("method", ["tls_client_auth", "self_signed_tls_client_auth"])
@pytest.mark.spec("RFC9126-2-2", "FAPI2-SP-FINAL-5.3.2.1-6")
def test_a_client_may_push_by_its_certificate(deployment: Deployment, method: str) -> None:
    app = register(deployment, token_endpoint_auth_method=method)
    assert app.push(scope="openid").status_code == 201


@pytest.mark.spec("RFC9126-2.3-1", "RFC6749-5.2-2")
def test_a_refusal_is_json_with_a_plain_text(app: RelyingParty) -> None:
    response = app.push(scope='openid "\\\n é')

    assert refusal(response) == (400, "invalid_scope")
    assert response.json["error_description"].isascii()
    assert not set('"\\\r\n\t') & set(response.json["error_description"])


@pytest.mark.spec("RFC9126-2.1-3", "RFC6749-3.1-3")
def test_a_repeated_parameter_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(nonce=["one", "two"])) == (400, "invalid_request")


@pytest.mark.spec("RFC9126-2.1-3", "RFC6749-3.1-3")
def test_an_unknown_parameter_is_ignored(app: RelyingParty) -> None:
    assert app.push(extra="foobar").status_code == 201


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "openid nonsense"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"id_token_hint": "a.b.c"}, "invalid_request"),
        ({"resource": "https://elsewhere.example/"}, "invalid_target"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"dpop_jkt": "short"}, "invalid_request"),
    ],
)
@pytest.mark.spec("RFC9126-2.1-3", "RFC9126-2.3-1", "RFC9126-4-3")
def test_a_pushed_request_is_judged_like_one_from_a_browser(
    app: RelyingParty, change: dict[str, object], error: str
) -> None:
    assert refusal(app.push(**change)) == (400, error)


@pytest.mark.spec("RFC9126-2.1-2")
def test_a_request_uri_inside_a_pushed_request_is_refused(app: RelyingParty) -> None:
    earlier = app.push().json["request_uri"]
    assert refusal(app.push(request_uri=earlier)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "audience",
    [[ISSUER, TOKEN], [ISSUER], PAR, TOKEN, f"{MTLS_ORIGIN}/par", f"{ISSUER}/", "https://elsewhere.example"],
)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-8")
def test_an_assertions_audience_is_the_issuer_as_a_string_and_nothing_else(
    app: RelyingParty, audience: str | list[str]
) -> None:
    assert refusal(app.push(client_assertion=app.assertion(aud=audience))) == (401, "invalid_client")


@pytest.mark.parametrize("audience", [ISSUER, PAR, TOKEN, [ISSUER, TOKEN]])
@pytest.mark.spec("RFC9126-2-3")
def test_a_plain_client_may_address_its_assertion_to_the_issuer_or_an_endpoint(
    deployment: Deployment, audience: str | list[str]
) -> None:
    app = register(deployment, profile="oidc")
    assert app.push(scope="openid", client_assertion=app.assertion(aud=audience)).status_code == 201


@pytest.mark.parametrize("seconds", [8, 10])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-13")
def test_an_assertion_from_a_clock_a_few_seconds_ahead_is_accepted(app: RelyingParty, seconds: int) -> None:
    ahead = app.deployment.now + seconds
    assert app.push(client_assertion=app.assertion(iat=ahead, nbf=ahead, exp=ahead + 60)).status_code == 201


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-13")
def test_an_assertion_from_more_than_a_minute_ahead_is_refused(app: RelyingParty, name: str) -> None:
    ahead = app.deployment.now + 62
    claims: dict[str, Any] = {name: ahead, "exp": ahead + 60}
    assertion = app.assertion(**claims)
    assert refusal(app.push(client_assertion=assertion)) == (401, "invalid_client")


@pytest.mark.spec("RFC7523-3-7")
def test_an_assertion_is_accepted_once(app: RelyingParty) -> None:
    assertion = app.assertion()
    assert app.push(client_assertion=assertion).status_code == 201
    assert refusal(app.push(client_assertion=assertion)) == (401, "invalid_client")


@pytest.mark.spec("RFC7523-3-7", "RFC9126-2.3-1")
def test_a_request_refused_for_its_content_does_not_spend_the_assertion(app: RelyingParty) -> None:
    assertion = app.assertion()
    assert app.push(client_assertion=assertion, scope="nonsense").status_code == 400
    assert app.push(client_assertion=assertion).status_code == 201


@pytest.mark.spec("RFC7523-2.2")
def test_an_assertion_of_another_type_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(client_assertion_type=f"{ASSERTION_TYPE}s")) == (401, "invalid_client")


@pytest.mark.spec("RFC9126-2-1", "RFC6749-2.3.1-2")
def test_parameters_in_the_url_are_refused(app: RelyingParty) -> None:
    response = app.send("/par?state=outside", {**app.request(), **app.credentials()})
    assert refusal(response) == (400, "invalid_request")
