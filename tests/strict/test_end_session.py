"""Signing out at an app's wish: the person is asked unless it shows the session's own token, and comes back to it."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc.jwk import OctKey
from werkzeug.test import TestResponse

from authserver.clients.registration import prepare_registration
from authserver.protocol.errors import InvalidRedirectUri
from tests.support.deployment import ISSUER, Deployment
from tests.support.jose import forge, private_key
from tests.support.login_app import is_error_page, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, claims_of, register

BACK = "https://app.example/signed-out"
ALSO_BACK = "https://app.example/signed-out?from=bank"


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """An app that people are signed in to, and come back to."""
    return register_login_app(deployment, client_name="Tiny Ledger", post_logout_redirect_uris=[BACK, ALSO_BACK])


def sign_in(app: RelyingParty, person: Person, **changes: object) -> str:
    """Sign a person in at the app, and return its ID token."""
    token: str = app.redeem(code_of(person.approve(plain_url(app, **changes)))).json["id_token"]
    return token


def end_session(person: Person, method: str = "GET", **params: str) -> TestResponse:
    """Come from the app to sign out; return the page, or the way back to the app."""
    if method == "GET":
        return person.open(f"/end_session?{urlencode(params)}")
    sent = person.browser.post("/end_session", base_url=ISSUER, data=params)
    return person.open(sent.headers["Location"]) if sent.status_code == 303 else sent


def is_signed_in(person: Person) -> bool:
    return "Sign out of" in person.open("/logout").text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.spec("OIDC-RPINIT-2", "OIDC-RPINIT-3")
def test_an_app_that_shows_the_sessions_own_token_signs_the_person_out_and_has_them_back(
    app: RelyingParty, alice: Person, method: str
) -> None:
    hint = sign_in(app, alice)
    assert is_signed_in(alice)
    left = end_session(alice, method, id_token_hint=hint, post_logout_redirect_uri=BACK, state="a b&c")
    assert (left.status_code, left.headers["Location"]) == (303, f"{BACK}?state=a%20b%26c")
    assert not is_signed_in(alice)


@pytest.mark.spec("OIDC-RPINIT-2", "OIDC-RPINIT-6")
def test_any_other_is_asked_about_and_named(app: RelyingParty, alice: Person) -> None:
    sign_in(app, alice)
    page = end_session(alice, client_id=app.client_id, post_logout_redirect_uri=ALSO_BACK, state="s")
    assert (page.status_code, "Tiny Ledger asks to sign you out here as well." in page.text) == (200, True)
    assert "form-action" not in page.headers["Content-Security-Policy"], "a browser would not follow the way back"
    assert is_signed_in(alice), "nothing is ended by a link"
    left = alice.send(page)
    assert (left.status_code, left.headers["Location"]) == (303, f"{ALSO_BACK}&state=s")
    assert not is_signed_in(alice)


@pytest.mark.spec("OIDC-RPINIT-2")
def test_the_token_of_an_earlier_session_asks_and_an_expired_one_of_this_does_not(
    deployment: Deployment, app: RelyingParty, alice: Person
) -> None:
    earlier = sign_in(app, alice)
    alice.send(alice.open("/logout"))
    present = sign_in(app, alice)
    assert end_session(alice, id_token_hint=earlier).status_code == 200
    assert is_signed_in(alice)
    deployment.wait(400)
    assert claims_of(present)["exp"] <= deployment.now
    assert "You are signed out" in end_session(alice, id_token_hint=present).text
    assert not is_signed_in(alice)


@pytest.mark.spec("OIDC-RPINIT-3")
def test_who_is_signed_out_already_goes_straight_back(app: RelyingParty, alice: Person) -> None:
    left = end_session(alice, client_id=app.client_id, post_logout_redirect_uri=BACK)
    assert (left.status_code, left.headers["Location"]) == (303, BACK)


@pytest.mark.spec("OIDC-RPINIT-2")
def test_without_anything_it_is_the_page_of_this_server(alice: Person, app: RelyingParty) -> None:
    sign_in(app, alice)
    page = end_session(alice)
    assert page.status_code == 200
    assert "asks to sign you out" not in page.text
    assert "You are signed out" in alice.send(page).text


@pytest.mark.parametrize(
    "params",
    [
        {"post_logout_redirect_uri": BACK},
        {"client_id": "login-app", "post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "login-app", "post_logout_redirect_uri": BACK + "/"},
        {"client_id": "login-app", "post_logout_redirect_uri": "javascript:alert(1)"},
        {"client_id": "nobody", "post_logout_redirect_uri": BACK},
        {"client_id": "other", "post_logout_redirect_uri": BACK},
        {"id_token_hint": "x.y.z"},
        {"id_token_hint": "\x00"},
        {"client_id": "login-app", "state": "x" * 3000},
    ],
)
@pytest.mark.spec("OIDC-RPINIT-3", "OIDC-RPINIT-4", "RFC9700-4.11")
def test_what_cannot_be_believed_leads_nowhere_and_ends_nothing(
    deployment: Deployment, app: RelyingParty, alice: Person, params: dict[str, str]
) -> None:
    register_login_app(deployment, "other")
    sign_in(app, alice)
    for method in ("GET", "POST"):
        assert is_error_page(end_session(alice, method, **params), "invalid_request")
    assert is_signed_in(alice)


@pytest.mark.parametrize(
    ("alg", "changes"),
    [
        ("none", {}),
        ("HS256", {}),
        ("ES256", {}),
        ("ES256", {"iss": "https://elsewhere.example"}),
    ],
)
@pytest.mark.spec("OIDC-RPINIT-4", "RFC8725-3.1")
def test_a_hint_that_we_never_signed_is_refused(
    app: RelyingParty, alice: Person, alg: str, changes: dict[str, Any]
) -> None:
    claims = {**claims_of(sign_in(app, alice)), **changes}
    key = OctKey.generate_key(256) if alg == "HS256" else private_key("ES256", "stranger")
    hint = forge({"alg": alg, "typ": "JWT"}, claims, key, "HS256" if alg == "HS256" else "ES256")
    hint = hint.rpartition(".")[0] + "." if alg == "none" else hint
    assert is_error_page(end_session(alice, id_token_hint=hint), "invalid_request")
    assert is_signed_in(alice)


@pytest.mark.spec("OIDC-RPINIT-2")
def test_a_hint_of_one_client_does_not_speak_for_another(
    deployment: Deployment, app: RelyingParty, alice: Person
) -> None:
    register_login_app(deployment, "other", post_logout_redirect_uris=["https://other.example/"])
    hint = sign_in(app, alice)
    assert is_error_page(end_session(alice, id_token_hint=hint, client_id="other"), "invalid_request")
    foreign = end_session(alice, id_token_hint=hint, post_logout_redirect_uri="https://other.example/")
    assert is_error_page(foreign, "invalid_request")
    assert is_signed_in(alice)


@pytest.mark.spec("OIDC-RPINIT-4")
def test_the_sealed_request_is_ours_and_ends(deployment: Deployment, app: RelyingParty, alice: Person) -> None:
    sign_in(app, alice)
    page = end_session(alice, client_id=app.client_id, post_logout_redirect_uri=BACK)
    sealed = dict(parse_qsl(urlsplit(page.request.full_path).query))["request"]
    middle = len(sealed) // 2
    forged = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    for wrong in (forged, "", "x", sealed + "A" * 9000):
        assert alice.open(f"/logout?{urlencode({'request': wrong})}").status_code == 400
    deployment.wait(600)
    assert alice.send(page).status_code == 400
    assert is_signed_in(alice)


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDC-RPINIT-2")
def test_after_it_nobody_is_signed_in_silently(app: RelyingParty, alice: Person) -> None:
    hint = sign_in(app, alice)
    end_session(alice, id_token_hint=hint)
    location = alice.open(plain_url(app, prompt="none")).headers["Location"]
    assert dict(parse_qsl(urlsplit(location).query))["error"] == "login_required"


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "http://app.example/", "https://app.example/#a", "data:,x", ""])
@pytest.mark.spec("OIDC-RPINIT-3.1")
def test_where_nobody_may_be_sent_is_not_registered(uri: str) -> None:
    members = {"redirect_uris": [BACK], "token_endpoint_auth_method": "none", "post_logout_redirect_uris": [uri]}
    with pytest.raises(InvalidRedirectUri) as refused:
        prepare_registration(members, default_profile="oidc")
    assert refused.value.member == "post_logout_redirect_uris"


@pytest.mark.spec("OIDC-RPINIT-2.1")
def test_the_metadata_tells_of_it_and_a_financial_app_has_it_too(deployment: Deployment, alice: Person) -> None:
    document = deployment.app.test_client().get("/.well-known/openid-configuration", base_url=ISSUER).json
    assert document is not None
    assert document["end_session_endpoint"] == f"{ISSUER}/end_session"
    app = register(deployment, "bank-app", post_logout_redirect_uris=[BACK])
    hint = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid")))).json["id_token"]
    assert end_session(alice, id_token_hint=hint, post_logout_redirect_uri=BACK).headers["Location"] == BACK
