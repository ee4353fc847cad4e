"""Parameters that help or hint: taken where they can be used, and never a reason to fail."""

import html
import re

import pytest
from werkzeug.test import TestResponse

from tests.support.deployment import ISSUER, Deployment
from tests.support.login_app import finish, is_error_page, log_in, page_of, plain_request, plain_url, register_login_app
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, answer_of

_USERNAME = re.compile(r'<input[^>]*id="username"[^>]*>')


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(deployment)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": "foobar"},
        {"display": "page"},
        {"display": "popup"},
        {"ui_locales": "se"},
        {"ui_locales": "fr-CA fr en nonsense ?!"},
        {"claims_locales": "se"},
        {"login_hint": "nobody"},
        {"login_hint": "alice@example.com"},
        {"acr_values": "1 2"},
        {"claims": '{"userinfo":{"name":{"essential":true}}}'},
        {"claims": '{"unknown":{"name":null},"id_token":{"nonsense":null}}'},
        {"registration": "{}"},
    ],
)
@pytest.mark.spec("OIDCC-3.1.2.1", "RFC6749-3.1-3", "OIDCC-5.2")
def test_a_request_with_it_succeeds(login_app: RelyingParty, alice: Person, change: dict[str, str]) -> None:
    assert log_in(login_app, alice, **change)["acr"] == "urn:openbanking:psd2:ca"


@pytest.mark.spec("OIDCC-3.1.2.1")
def test_an_acr_that_was_asked_for_and_reached_is_told(login_app: RelyingParty, alice: Person) -> None:
    claims = log_in(login_app, alice, acr_values="urn:openbanking:psd2:sca")
    assert claims["acr"] == "urn:openbanking:psd2:sca"
    assert "/login/totp" in alice.pages


@pytest.mark.parametrize("hint", ["alice", '"><script>alert(1)</script>', "a" * 2000])
@pytest.mark.spec("OIDCC-3.1.2.1", "RFC6749-10.14-1")
def test_a_login_hint_is_filled_in_and_can_do_no_harm(login_app: RelyingParty, alice: Person, hint: str) -> None:
    page = alice.open(plain_url(login_app, login_hint=hint))

    assert _username_shown(page) == hint[:255]
    assert "<script>alert" not in page.text


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.2")
def test_a_request_may_be_posted(login_app: RelyingParty, alice: Person) -> None:
    shown = alice.browser.post("/authorize", data=plain_request(login_app), base_url=ISSUER)
    assert shown.status_code == 303

    page = alice.open(shown.headers["Location"])

    assert page_of(page) == "/login"
    assert answer_of(finish(alice, page).headers["Location"])["state"] == "state-123"


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC9126-4-3")
def test_a_reference_to_a_pushed_request_may_be_posted(app: RelyingParty, alice: Person) -> None:
    form = {"client_id": "app", "request_uri": app.push().json["request_uri"]}
    shown = alice.browser.post("/authorize", data=form, base_url=ISSUER)
    assert page_of(alice.open(shown.headers["Location"])) == "/login"


@pytest.mark.spec("OIDCC-3.1.2.1")
def test_a_form_posted_from_another_site_ends_no_other_sign_in(login_app: RelyingParty, alice: Person) -> None:
    first = alice.open(plain_url(login_app))
    cookieless = login_app.deployment.app.test_client(use_cookies=False)

    posted = cookieless.post("/authorize", data=plain_request(login_app), base_url=ISSUER)
    second = alice.open(posted.headers["Location"])

    assert "Set-Cookie" not in posted.headers
    assert (page_of(first), page_of(second)) == ("/login", "/login")
    assert answer_of(finish(alice, first).headers["Location"])["state"] == "state-123"


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC6749-3.1-3")
def test_a_posted_request_is_not_completed_from_the_url(login_app: RelyingParty, alice: Person) -> None:
    form = {**plain_request(login_app, state=None)}
    response = alice.browser.post("/authorize?state=outside", data=form, base_url=ISSUER)
    assert is_error_page(response, "invalid_request")


@pytest.mark.spec("OIDCC-5.5", "OIDCC-3.1.2.6")
def test_claims_that_are_no_json_object_are_refused(login_app: RelyingParty, alice: Person) -> None:
    for claims in ("{", "[]", '"name"', '{"userinfo":[]}', '{"userinfo":{"name":true}}'):
        location = alice.open(plain_url(login_app, claims=claims)).headers["Location"]
        assert answer_of(location)["error"] == "invalid_request"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.spec("RFC6749-3.1-2")
def test_the_authorization_endpoint_answers_get_and_post_alone(login_app: RelyingParty, method: str) -> None:
    response = login_app.send(plain_url(login_app), method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, POST"


def _username_shown(page: TestResponse) -> str:
    field = _USERNAME.search(page.text)
    assert field is not None
    value = re.search(r'value="([^"]*)"', field.group())
    return html.unescape(value.group(1)) if value is not None else ""
