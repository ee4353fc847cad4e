"""Signed answers (JARM): one parameter, signed for the app that asked, refusals as well."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.deployment import ISSUER, Deployment
from tests.support.login_app import finish, plain_url, posted_form, register_login_app
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, RelyingParty, answer_of, register


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(deployment)


def opened(app: RelyingParty, response: str, algorithm: str = "ES256") -> dict[str, Any]:
    """Return the claims of a signed answer, verified by the published keys and by a library that is not ours."""
    keys = KeySet.import_key_set(json.loads(app.send("/jwks").data))
    decoded = jwt.decode(response, keys, algorithms=[algorithm])
    assert decoded.header["kid"]
    claims = dict(decoded.claims)
    assert (claims.pop("iss"), claims.pop("aud")) == (ISSUER, app.client_id)
    assert 10 < claims.pop("exp") - app.deployment.now <= 600
    return claims


@pytest.mark.parametrize("mode", ["jwt", "query.jwt"])
@pytest.mark.spec("JARM-2.1", "JARM-2.2", "JARM-2.3", "FAPI2-MS-FINAL-5.4")
def test_a_code_comes_in_one_signed_parameter(app: RelyingParty, alice: Person, mode: str) -> None:
    location = alice.approve(app.authorization_url(response_mode=mode))

    assert location.startswith(f"{REDIRECT_URI}?")
    assert list(answer_of(location)) == ["response"]
    claims = opened(app, answer_of(location)["response"])
    assert (set(claims), claims["state"]) == ({"code", "state"}, "state-123")
    assert app.redeem(claims["code"]).status_code == 200


@pytest.mark.spec("JARM-2.3", "OAUTH-FORM-POST-2")
def test_it_is_posted_where_the_mode_says_so(app: RelyingParty, alice: Person) -> None:
    form = posted_form(finish(alice, alice.open(app.authorization_url(response_mode="form_post.jwt"))))
    assert list(form) == ["response"]
    assert app.redeem(opened(app, form["response"])["code"]).status_code == 200


@pytest.mark.spec("JARM-2.3", "JARM-3", "OAUTH-MRT-2.1")
def test_it_is_the_fragment_where_the_mode_says_so(login_app: RelyingParty, alice: Person) -> None:
    location = alice.approve(plain_url(login_app, response_mode="fragment.jwt"))
    assert urlsplit(location).query == ""
    fragment = dict(parse_qsl(urlsplit(location).fragment))
    assert list(fragment) == ["response"]
    assert login_app.redeem(opened(login_app, fragment["response"], "RS256")["code"]).status_code == 200


@pytest.mark.spec("JARM-2.1", "RFC6749-4.1.2.1-2")
def test_a_persons_no_is_signed(app: RelyingParty, alice: Person) -> None:
    answer = answer_of(alice.deny(app.authorization_url(response_mode="jwt")))
    assert list(answer) == ["response"]
    claims = opened(app, answer["response"])
    assert set(claims) == {"error", "error_description", "state"}
    assert (claims["error"], claims["state"]) == ("access_denied", "state-123")


@pytest.mark.parametrize("page", ["/login", "/login/totp"])
@pytest.mark.spec("JARM-2.1", "RFC6749-4.1.2.1-2")
def test_cancelling_is_signed(app: RelyingParty, alice: Person, page: str) -> None:
    shown = alice.open(app.authorization_url(response_mode="jwt"))
    if page == "/login/totp":
        shown = alice.sign_in(shown)
    assert shown.request.path == page
    answer = answer_of(alice.submit(shown.request.full_path, shown, action="cancel").headers["Location"])
    assert opened(app, answer["response"])["error"] == "access_denied"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"scope": "openid nonsense"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"request_uri": "https://app.example/r"}, "request_uri_not_supported"),
    ],
)
@pytest.mark.spec("JARM-2.1")
def test_every_other_refusal_is_signed_too(
    login_app: RelyingParty, alice: Person, change: dict[str, str], error: str
) -> None:
    answer = answer_of(alice.open(plain_url(login_app, response_mode="jwt", **change)).headers["Location"])
    assert list(answer) == ["response"]
    claims = opened(login_app, answer["response"], "RS256")
    assert (claims["error"], claims["state"]) == (error, "state-123")


@pytest.mark.parametrize("state", [None, "s" * 1000, "a+b=c~d&e%20f#g?h/i", "ünïcode ✓"])
@pytest.mark.spec("RFC6749-4.1.2-4", "JARM-2.1")
def test_state_returns_as_it_came(app: RelyingParty, alice: Person, state: str | None) -> None:
    answer = answer_of(alice.approve(app.authorization_url(response_mode="jwt", state=state)))
    assert opened(app, answer["response"]).get("state") == state


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "Ed25519"])
@pytest.mark.spec("JARM-3")
def test_it_is_signed_as_registered(deployment: Deployment, alice: Person, algorithm: str) -> None:
    app = register(deployment, authorization_signed_response_alg=algorithm)
    answer = answer_of(alice.approve(app.authorization_url(response_mode="jwt", scope="openid email")))
    assert "code" in opened(app, answer["response"], algorithm)


@pytest.mark.spec("JARM-2.1", "RFC8725-3.11")
def test_it_is_neither_an_id_token_hint_nor_an_access_token(app: RelyingParty, alice: Person) -> None:
    response = answer_of(alice.approve(app.authorization_url(response_mode="jwt")))["response"]
    assert app.push(id_token_hint=response).json["error"] == "invalid_request"
    assert app.userinfo(response).status_code == 401


@pytest.mark.spec("JARM-4", "OIDCD-3")
def test_discovery_says_what_works(app: RelyingParty) -> None:
    document = app.send("/.well-known/openid-configuration").json
    assert {"ES256", "PS256", "Ed25519"} <= set(document["authorization_signing_alg_values_supported"])
    assert not [name for name in document if name.startswith("authorization_encryption_")]
