"""FAPI 2.0 Message Signing and FAPI 1.0 Advanced: what each demands of a client beyond signing because it may."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from authserver.profiles.catalogue import PROFILES
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import ISSUER, MTLS_ORIGIN, Deployment
from tests.support.login_app import is_error_page, refusal
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, Reply, answer_of, register, register_bank

SIGNED_DESCRIPTION = "application/token-introspection+jwt"


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    """A deployment with every profile."""
    return new_deployment(profiles=",".join(sorted(PROFILES)))


@pytest.fixture
def bank(deployment: Deployment) -> RelyingParty:
    """The bank's API, registered under Message Signing."""
    return register_bank(deployment, profile="fapi2_message_signing")


@pytest.fixture
def app(deployment: Deployment, bank: RelyingParty) -> RelyingParty:  # noqa: ARG001  it must be there to be named
    """An app under FAPI 2.0 Message Signing."""
    return register(deployment, profile="fapi2_message_signing")


@pytest.fixture
def older(deployment: Deployment, bank: RelyingParty) -> RelyingParty:  # noqa: ARG001  it must be there to be named
    """An app under FAPI 1.0 Advanced."""
    return register(deployment, "older", profile="fapi1_advanced")


def signed(app: RelyingParty, **changes: object) -> str:
    """Return a request object; a claim given replaces an honest one, and None leaves it out."""
    now = app.deployment.now
    times = {"iss": app.client_id, "aud": ISSUER, "nbf": now, "exp": now + 300, "response_mode": "jwt"}
    claims = {**app.request(), "client_id": app.client_id, **times, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": app.key.thumbprint()}, kept, app.key, algorithms=["ES256"])


def push(app: RelyingParty, **changes: object) -> Reply:
    """Push a request object with the client's authentication and nothing else."""
    return app.authenticated("/par", {"request": signed(app, **changes)})


def opened(app: RelyingParty, response: str) -> dict[str, Any]:
    """Return the claims of a signed answer."""
    keys = KeySet.import_key_set(json.loads(app.send("/jwks").data))
    return dict(jwt.decode(response, keys, algorithms=["ES256"]).claims)


def pushed_url(app: RelyingParty, **changes: object) -> str:
    """Push a request object and return the URL for the browser."""
    reply = push(app, **changes)
    assert reply.status_code == 201, reply.text
    return "/authorize?" + urlencode({"client_id": app.client_id, "request_uri": reply.json["request_uri"]})


def by_value(app: RelyingParty, **changes: object) -> str:
    """Return the URL of a request by value; `scope` and the like stand beside it as OpenID Connect wants."""
    beside = {
        "client_id": app.client_id,
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": app.request()["redirect_uri"],
    }
    return "/authorize?" + urlencode({**beside, "request": signed(app, **changes)})


@pytest.mark.spec("FAPI2-MS-FINAL-5.3.1-1", "FAPI2-MS-FINAL-5.4-1", "FAPI2-MS-FINAL-5.5-1")
def test_requests_answers_and_introspection_are_signed(app: RelyingParty, bank: RelyingParty, alice: Person) -> None:
    answer = answer_of(alice.approve(pushed_url(app)))
    assert list(answer) == ["response"]
    tokens = app.redeem(opened(app, answer["response"])["code"]).json

    reply = bank.introspect(tokens["access_token"])
    assert reply.headers["Content-Type"] == SIGNED_DESCRIPTION
    assert opened(bank, reply.text)["token_introspection"]["active"] is True


@pytest.mark.spec("FAPI2-MS-FINAL-5.3.1-1", "RFC9101-10.5")
def test_a_request_that_is_not_signed_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(response_mode="jwt")) == (400, "invalid_request")


@pytest.mark.parametrize("mode", [None, "query", "form_post", "fragment", "fragment.jwt"])
@pytest.mark.spec("FAPI2-MS-FINAL-5.4-1")
def test_an_answer_that_would_not_be_signed_is_refused(
    app: RelyingParty, older: RelyingParty, mode: str | None
) -> None:
    for client in (app, older):
        assert refusal(push(client, response_mode=mode)) == (400, "invalid_request")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-3")
def test_message_signing_takes_no_request_by_value(app: RelyingParty, alice: Person) -> None:
    assert is_error_page(alice.open(by_value(app)), "invalid_request")


@pytest.mark.parametrize("profile", ["fapi2_message_signing", "fapi1_advanced"])
@pytest.mark.spec("RFC9101-10.5")
def test_an_app_without_keys_cannot_be_registered(deployment: Deployment, profile: str) -> None:
    with pytest.raises(InvalidClientMetadata):
        register(deployment, profile=profile, token_endpoint_auth_method="tls_client_auth")


@pytest.mark.parametrize("url", [by_value, pushed_url])
@pytest.mark.spec("FAPI1-ADV-FINAL-5.2.2-1", "FAPI1-ADV-FINAL-5.2.2-2", "FAPI1-ADV-FINAL-5.2.2-5")
def test_fapi_1_goes_by_value_and_pushed_to_bound_tokens(
    older: RelyingParty, alice: Person, url: Callable[[RelyingParty], str]
) -> None:
    answer = answer_of(alice.approve(url(older)))
    assert list(answer) == ["response"]
    claims = opened(older, answer["response"])
    assert claims["state"] == "state-123"
    tokens = older.redeem(claims["code"]).json
    assert "x5t#S256" in str(opened(older, tokens["access_token"])["cnf"])
    assert tokens["token_type"] == "Bearer"


@pytest.mark.spec("FAPI1-ADV-FINAL-5.2.2-18")
def test_fapi_1_demands_pkce_of_pushed_requests_alone(older: RelyingParty, alice: Person) -> None:
    assert refusal(push(older, code_challenge=None, code_challenge_method=None)) == (400, "invalid_request")
    answer = answer_of(alice.approve(by_value(older, code_challenge=None, code_challenge_method=None)))
    assert older.redeem(opened(older, answer["response"])["code"], code_verifier=None).status_code == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"nbf": None}, "invalid_request_object"),
        ({"exp": None}, "invalid_request_object"),
        ({"aud": "https://other.example"}, "invalid_request_object"),
        ({"aud": f"{ISSUER}/par"}, "invalid_request_object"),
        ({"scope": None}, "invalid_scope"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_mode": "query"}, "invalid_request"),
    ],
)
@pytest.mark.spec("FAPI1-ADV-FINAL-5.2.2-13", "FAPI1-ADV-FINAL-5.2.2-2")
def test_fapi_1_refuses_what_is_not_in_order(
    older: RelyingParty, alice: Person, change: dict[str, Any], error: str
) -> None:
    assert refusal(push(older, **change)) == (400, error)
    answer = answer_of(alice.open(by_value(older, **change)).headers["Location"])
    assert opened(older, answer["response"])["error"] == error


@pytest.mark.spec("FAPI1-ADV-FINAL-5.2.2-1")
def test_fapi_1_refuses_a_request_in_the_clear(older: RelyingParty, alice: Person) -> None:
    request = {name: value for name, value in older.request().items() if value is not None}
    answer = answer_of(
        alice.open("/authorize?" + urlencode({**request, "client_id": older.client_id})).headers["Location"]
    )
    assert opened(older, answer["response"])["error"] == "invalid_request"


@pytest.mark.parametrize(
    "audience", [ISSUER, f"{ISSUER}/token", f"{MTLS_ORIGIN}/token", f"{ISSUER}/par", [ISSUER, "https://other.example"]]
)
@pytest.mark.spec("RFC7523-3-3")
def test_fapi_1_takes_the_audiences_of_its_day_in_assertions(older: RelyingParty, audience: object) -> None:
    form = {"request": signed(older)}
    assert older.authenticated("/par", form, client_assertion=older.assertion(aud=audience)).status_code == 201


@pytest.mark.parametrize("algorithm", ["Ed25519", "RS256"])
@pytest.mark.spec("FAPI1-ADV-FINAL-8.6")
def test_fapi_1_signs_with_ps256_and_es256_alone(deployment: Deployment, algorithm: str) -> None:
    for member in (
        "token_endpoint_auth_signing_alg",
        "request_object_signing_alg",
        "authorization_signed_response_alg",
    ):
        with pytest.raises(InvalidClientMetadata):
            register(deployment, profile="fapi1_advanced", **{member: algorithm})
