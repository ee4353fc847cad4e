"""Redirect URIs: matched by the character, kept whole, and never followed where they are not registered."""

from urllib.parse import urlencode

import pytest

from authserver.protocol.errors import InvalidRedirectUri
from tests.support.deployment import Deployment
from tests.support.login_app import is_error_page, plain_request, plain_url, refusal, register_login_app
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, RelyingParty, answer_of, register

WITH_QUERY = f"{REDIRECT_URI}?dummy1=lorem&dummy2=ipsum"
NEAR_MISSES = [
    f"{REDIRECT_URI}/",
    f"{REDIRECT_URI}?",
    f"{REDIRECT_URI}?foo=bar",
    f"{REDIRECT_URI}#",
    f"{REDIRECT_URI}#fragment",
    REDIRECT_URI.upper(),
    REDIRECT_URI.replace("https", "http"),
    REDIRECT_URI.replace("app.example", "app.example:443"),
    REDIRECT_URI.replace("app.example", "app.example@evil.example"),
    REDIRECT_URI.replace("/callback", "/%63allback"),
    REDIRECT_URI.replace("/callback", "/x/../callback"),
    f" {REDIRECT_URI}",
    "https://evil.example/callback",
    "javascript:alert(1)",
    "//evil.example",
]


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-6")
def test_a_pushed_request_without_a_redirect_uri_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(redirect_uri=None)) == (400, "invalid_request")


@pytest.mark.parametrize("redirect_uri", NEAR_MISSES)
@pytest.mark.spec("RFC9700-2.1-1", "RFC9700-4.1.3-1", "RFC6749-3.1.2.3-1", "FAPI2-SP-FINAL-5.3.2.1-7")
def test_a_redirect_uri_that_is_not_registered_is_refused_at_the_push(app: RelyingParty, redirect_uri: str) -> None:
    assert refusal(app.push(redirect_uri=redirect_uri)) == (400, "invalid_request")


@pytest.mark.parametrize("redirect_uri", NEAR_MISSES)
@pytest.mark.spec("RFC6749-3.1.2.4-1", "RFC6749-4.1.2.1-1", "FAPI2-SP-FINAL-5.3.2.1-7", "RFC9700-2.1-2")
def test_a_browser_is_never_sent_to_a_redirect_uri_that_is_not_registered(
    deployment: Deployment, alice: Person, redirect_uri: str
) -> None:
    app = register_login_app(deployment)
    for fault in ({}, {"response_type": "token"}, {"scope": "nonsense"}, {"prompt": "none"}):
        assert is_error_page(alice.open(plain_url(app, redirect_uri=redirect_uri, **fault)), "invalid_request")


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC6749-4.1.2.1-1")
def test_a_plain_request_without_a_redirect_uri_ends_on_a_page(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    assert is_error_page(alice.open(plain_url(app, redirect_uri=None)), "invalid_request")


@pytest.mark.parametrize("client_id", ["nobody", "", None, "\u0000", "login-app "])
@pytest.mark.spec("RFC6749-4.1.2.1-1", "FAPI2-SP-FINAL-5.3.2.1-7", "RFC9700-4.11.2-1")
def test_a_request_of_no_known_client_ends_on_a_page(
    deployment: Deployment, alice: Person, client_id: str | None
) -> None:
    app = register_login_app(deployment)
    assert is_error_page(alice.open(plain_url(app, client_id=client_id)), "invalid_request")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-7", "RFC6749-3.1-3")
def test_two_redirect_uris_in_one_request_lead_nowhere(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    url = plain_url(app) + "&" + urlencode({"redirect_uri": "https://evil.example/"})
    assert is_error_page(alice.open(url), "invalid_request")


@pytest.mark.parametrize("query", ["", "interaction=unknown", "interaction=a&interaction=b"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-7", "RFC6749-10.12-1")
def test_coming_back_to_no_interaction_leads_nowhere(app: RelyingParty, alice: Person, query: str) -> None:
    alice.open(app.authorization_url())
    response = alice.open(f"/authorize/continue?{query}&redirect_uri=https://evil.example/")
    assert is_error_page(response, "invalid_request")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-7", "RFC6749-10.12-1")
def test_an_interaction_is_of_no_use_in_another_browser(app: RelyingParty, alice: Person) -> None:
    shown = alice.open(app.authorization_url())
    mallory = Person(app.deployment)
    mallory.open(app.authorization_url())

    for path in ("/authorize/continue", "/login", "/login/totp", "/consent"):
        stolen = shown.request.full_path.replace("/login", path)
        assert is_error_page(mallory.open(stolen), "invalid_request")


@pytest.mark.spec("RFC6749-3.1.2-1", "RFC9700-2.1-1")
def test_the_query_of_a_registered_redirect_uri_survives_in_success_and_error(
    deployment: Deployment, alice: Person
) -> None:
    app = register(deployment, redirect_uris=[REDIRECT_URI, WITH_QUERY])

    for location in (
        alice.approve(app.authorization_url(redirect_uri=WITH_QUERY, scope="openid")),
        alice.deny(app.authorization_url(redirect_uri=WITH_QUERY, scope="openid email")),
    ):
        assert location.startswith(f"{WITH_QUERY}&")
        assert {"dummy1": "lorem", "dummy2": "ipsum", "state": "state-123"}.items() <= answer_of(location).items()


@pytest.mark.parametrize("redirect_uri", [REDIRECT_URI, f"{WITH_QUERY}&more=1", f"{REDIRECT_URI}?dummy2=ipsum"])
@pytest.mark.spec("RFC6749-3.1.2.3-1", "RFC9700-4.1.3-1")
def test_a_registered_query_is_part_of_the_match(deployment: Deployment, redirect_uri: str) -> None:
    app = register(deployment, redirect_uris=[WITH_QUERY])
    assert refusal(app.push(redirect_uri=redirect_uri, scope="openid")) == (400, "invalid_request")


@pytest.mark.spec("RFC6749-4.1.3-2", "RFC6749-10.6-1")
def test_a_code_for_one_redirect_uri_is_not_redeemed_under_another(deployment: Deployment, alice: Person) -> None:
    app = register(deployment, redirect_uris=[REDIRECT_URI, WITH_QUERY])
    location = alice.approve(app.authorization_url(redirect_uri=WITH_QUERY, scope="openid"))

    assert refusal(app.redeem(answer_of(location)["code"])) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://app.example/callback",
        "http://127.0.0.1/callback",
        "https://app.example/callback#fragment",
        "https://user@app.example/callback",
        "javascript:alert(1)",
        "data:text/html,hello",
        "https:///callback",
        "callback",
    ],
)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-8", "RFC9700-2.6-4", "RFC6749-3.1.2-1")
def test_a_redirect_uri_that_would_answer_in_clear_or_run_a_script_cannot_be_registered(
    deployment: Deployment, redirect_uri: str
) -> None:
    with pytest.raises(InvalidRedirectUri):
        register(deployment, redirect_uris=[redirect_uri])


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC6749-3.1-2")
def test_a_registered_redirect_uri_is_used_as_it_is(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment, redirect_uris=["com.example.app:/callback"])
    location = alice.approve(plain_url(app, redirect_uri="com.example.app:/callback"))
    assert location.startswith("com.example.app:/callback?code=")
    assert plain_request(app)["redirect_uri"] == REDIRECT_URI
