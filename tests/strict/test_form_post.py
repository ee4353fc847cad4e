"""`response_mode=form_post`: the answer stands in a form that posts itself, and never in a URL."""

import pytest

from tests.support.deployment import ISSUER, Deployment
from tests.support.login_app import (
    finish,
    is_error_page,
    log_in,
    plain_url,
    posted_form,
    register_login_app,
)
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, RelyingParty, register


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(deployment)


@pytest.mark.spec("OAUTH-FORM-POST-2")
def test_a_code_is_posted_by_a_page_that_no_cache_keeps(login_app: RelyingParty, alice: Person) -> None:
    page = finish(alice, alice.open(plain_url(login_app, response_mode="form_post")))

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Location" not in page.headers
    assert f'method="post" action="{REDIRECT_URI}"' in page.text
    form = posted_form(page)
    assert list(form) == ["code", "state", "iss"]
    assert login_app.redeem(form["code"]).status_code == 200


@pytest.mark.spec("OAUTH-FORM-POST-2")
def test_the_form_posts_itself_and_can_be_sent_by_hand(login_app: RelyingParty, alice: Person) -> None:
    page = finish(alice, alice.open(plain_url(login_app, response_mode="form_post")))

    assert ".submit()" in page.text
    assert "hreflang" not in page.text, "shown in another language it would be asked for anew, and the answer lost"
    assert '<button id="continue" type="submit"' in page.text


@pytest.mark.spec("OAUTH-FORM-POST-2", "RFC9700-4.16-1")
def test_the_content_policy_lets_the_form_through_and_wherever_the_app_leads_from_there(
    login_app: RelyingParty, alice: Person
) -> None:
    shown = alice.open(plain_url(login_app, response_mode="form_post"))
    page = finish(alice, shown)

    for response in (shown, page):
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "form-action" not in policy
    nonce = page.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">' in page.text


@pytest.mark.spec("OAUTH-FORM-POST-2", "RFC9207-2-1")
def test_a_pushed_request_may_ask_for_a_posted_answer(app: RelyingParty, alice: Person) -> None:
    form = posted_form(finish(alice, alice.open(app.authorization_url(response_mode="form_post"))))

    assert (set(form), form["iss"]) == ({"code", "state", "iss"}, ISSUER)
    assert app.redeem(form["code"]).status_code == 200


@pytest.mark.spec("OAUTH-FORM-POST-2", "RFC6749-4.1.2.1-2")
def test_a_persons_no_is_posted(login_app: RelyingParty, alice: Person) -> None:
    form = posted_form(finish(alice, alice.open(plain_url(login_app, response_mode="form_post")), "deny"))

    assert set(form) == {"error", "error_description", "state", "iss"}
    assert (form["error"], form["state"]) == ("access_denied", "state-123")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "nonsense"}, "invalid_request"),
        ({"scope": "openid nonsense"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"request_uri": "https://app.example/r"}, "request_uri_not_supported"),
    ],
)
@pytest.mark.spec("OAUTH-FORM-POST-2", "RFC6749-4.1.2.1-2")
def test_every_other_refusal_is_posted_too(
    login_app: RelyingParty, alice: Person, change: dict[str, str | None], error: str
) -> None:
    page = alice.open(plain_url(login_app, response_mode="form_post", **change))

    assert page.status_code == 200
    assert posted_form(page)["error"] == error
    assert posted_form(page)["iss"] == ISSUER


@pytest.mark.parametrize("state", ['"><script>alert(1)</script>', "a&amp;b", "'\"<>&", "s" * 1000, "ünïcode ✓"])
@pytest.mark.spec("OAUTH-FORM-POST-2", "RFC6749-4.1.2-4", "RFC6749-10.14-1")
def test_state_is_posted_as_it_came_whatever_it_holds(login_app: RelyingParty, alice: Person, state: str) -> None:
    page = finish(alice, alice.open(plain_url(login_app, response_mode="form_post", state=state)))

    assert posted_form(page)["state"] == state
    assert "<script>alert" not in page.text


@pytest.mark.spec("OAUTH-FORM-POST-2", "RFC6749-3.1.2-1")
def test_the_form_goes_to_the_redirect_uri_with_its_query(deployment: Deployment, alice: Person) -> None:
    with_query = f"{REDIRECT_URI}?dummy1=lorem&dummy2=ipsum"
    app = register(deployment, redirect_uris=[with_query])
    url = app.authorization_url(redirect_uri=with_query, scope="openid", response_mode="form_post")

    page = finish(alice, alice.open(url))

    assert f'action="{REDIRECT_URI}?dummy1=lorem&amp;dummy2=ipsum"' in page.text


@pytest.mark.spec("OAUTH-FORM-POST-2", "RFC6749-3.1.2.4-1")
def test_nothing_is_posted_to_a_redirect_uri_that_is_not_registered(login_app: RelyingParty, alice: Person) -> None:
    url = plain_url(login_app, response_mode="form_post", redirect_uri="https://evil.example/")
    assert is_error_page(alice.open(url), "invalid_request")


@pytest.mark.spec("OAUTH-MRT-2.1")
def test_the_mode_query_may_be_named(login_app: RelyingParty, alice: Person) -> None:
    assert log_in(login_app, alice, response_mode="query")["aud"] == login_app.client_id
