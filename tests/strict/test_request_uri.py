"""The reference to a pushed request: whose it is, how long and how often it is good, and what stands beside it."""

from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from authserver.clients.registry import FRESH_SECONDS
from authserver.clients.store import find_client, replace_metadata, set_disabled
from tests.support.deployment import Deployment
from tests.support.login_app import finish, is_error_page, page_of, plain_url, register_login_app
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, RelyingParty, answer_of, register


def _url(app: RelyingParty, request_uri: str, **beside: str) -> str:
    return "/authorize?" + urlencode({**beside, "client_id": app.client_id, "request_uri": request_uri})


@pytest.mark.spec("RFC9126-4-3", "FAPI2-SP-FINAL-5.3.2.2-2")
def test_client_id_and_reference_alone_suffice(app: RelyingParty, alice: Person) -> None:
    assert "code" in answer_of(alice.approve(_url(app, app.push().json["request_uri"])))


@pytest.mark.spec("RFC9126-4-3", "OIDCC-6.1")
def test_the_request_may_be_repeated_beside_the_reference_in_any_order(app: RelyingParty, alice: Person) -> None:
    request = {name: str(value) for name, value in app.request().items() if name != "client_id"}
    for beside in (request, dict(reversed(request.items()))):
        assert "code" in answer_of(alice.approve(_url(app, app.push().json["request_uri"], **beside)))


@pytest.mark.parametrize(
    "outside", [{"state": "outside"}, {"redirect_uri": "https://evil.example/"}, {"scope": "openid payments email"}]
)
@pytest.mark.spec("RFC9126-4-3", "FAPI2-SP-FINAL-5.3.2.2-3")
def test_what_stands_beside_the_reference_changes_nothing(
    app: RelyingParty, alice: Person, outside: dict[str, str]
) -> None:
    location = alice.approve(_url(app, app.push().json["request_uri"], **outside))

    assert location.startswith(REDIRECT_URI + "?")
    assert answer_of(location)["state"] == "state-123"
    assert app.redeem(answer_of(location)["code"]).json["scope"] == "openid accounts"


@pytest.mark.spec("RFC9126-4-3", "RFC6749-4.1.2-4")
def test_a_state_outside_alone_is_not_used(app: RelyingParty, alice: Person) -> None:
    url = _url(app, app.push(state=None).json["request_uri"], state="outside")
    assert "state" not in answer_of(alice.approve(url))


@pytest.mark.spec("RFC9126-4-1", "RFC9126-7.3-1")
def test_the_page_may_be_opened_again_until_it_was_answered(app: RelyingParty, alice: Person) -> None:
    url = app.authorization_url()
    assert page_of(alice.open(url)) == "/login"
    assert "code" in answer_of(alice.approve(url))


@pytest.mark.parametrize("decision", ["approve", "deny"])
@pytest.mark.spec("RFC9126-4-1", "RFC9126-7.3-1")
def test_an_answered_reference_is_spent(app: RelyingParty, alice: Person, decision: str) -> None:
    url = app.authorization_url()
    finish(alice, alice.open(url), decision)
    assert is_error_page(alice.open(url), "invalid_request_uri")


@pytest.mark.spec("RFC9126-7.3-1", "RFC9126-4-1")
def test_of_two_windows_with_one_reference_the_second_gets_no_answer(app: RelyingParty, alice: Person) -> None:
    url = app.authorization_url()
    first, second = alice.open(url), alice.open(url)

    assert finish(alice, first).status_code == 303
    assert is_error_page(alice.open(_way_on(second)), "invalid_request_uri")


@pytest.mark.spec("RFC9126-4-2", "FAPI2-SP-FINAL-5.3.2.2-12")
def test_a_reference_is_good_to_its_last_second_and_no_longer(app: RelyingParty, alice: Person) -> None:
    response = app.push()
    app.deployment.wait(response.json["expires_in"] - 1)
    assert page_of(alice.open(_url(app, response.json["request_uri"]))) == "/login"
    app.deployment.wait(1)
    assert is_error_page(alice.open(_url(app, response.json["request_uri"])), "invalid_request_uri")


@pytest.mark.spec("RFC9126-4-2")
def test_a_person_may_take_longer_over_the_pages_than_the_reference_lasts(app: RelyingParty, alice: Person) -> None:
    shown = alice.open(app.authorization_url())
    app.deployment.wait(200)
    assert "code" in answer_of(finish(alice, shown).headers["Location"])


@pytest.mark.spec("RFC9126-2.2-3")
def test_another_client_cannot_use_the_reference(app: RelyingParty, alice: Person) -> None:
    register(app.deployment, "other")
    stolen = app.push().json["request_uri"]
    response = alice.open("/authorize?" + urlencode({"client_id": "other", "request_uri": stolen}))
    assert is_error_page(response, "invalid_request_uri")


@pytest.mark.spec("RFC9126-2.2-3", "RFC6749-4.1.1-1")
def test_a_reference_without_a_client_id_is_refused(app: RelyingParty, alice: Person) -> None:
    response = alice.open("/authorize?" + urlencode({"request_uri": app.push().json["request_uri"]}))
    assert is_error_page(response, "invalid_request")


@pytest.mark.parametrize("request_uri", ["urn:ietf:params:oauth:request_uri:unknown", "https://app.example/r.jwt", "x"])
@pytest.mark.spec("RFC9126-2.2-2", "OIDCC-6.2")
def test_a_reference_that_we_did_not_give_is_refused(app: RelyingParty, alice: Person, request_uri: str) -> None:
    assert is_error_page(alice.open(_url(app, request_uri)), "invalid_request_uri")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-3", "RFC9126-5-1")
def test_a_request_that_was_not_pushed_is_refused(app: RelyingParty, alice: Person) -> None:
    assert is_error_page(alice.open(plain_url(app, scope="openid")), "invalid_request")


@pytest.mark.spec("RFC9126-6-1", "RFC9126-5-1")
def test_a_plain_client_that_registered_to_push_is_held_to_it(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment, require_pushed_authorization_requests=True)
    url = app.authorization_url(client_id=app.client_id, scope="openid email")

    assert is_error_page(alice.open(plain_url(app)), "invalid_request")
    assert "code" in answer_of(alice.approve(url))


@pytest.mark.spec("RFC9126-6-1")
def test_a_plain_client_may_push_and_need_not(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment)
    assert "code" in answer_of(alice.approve(app.authorization_url(client_id=app.client_id, scope="openid email")))
    assert "code" in answer_of(alice.approve(plain_url(app)))


@pytest.mark.spec("RFC9126-7.4-1")
def test_a_client_disabled_since_it_pushed_is_refused(app: RelyingParty, alice: Person) -> None:
    url = app.authorization_url()
    _disable(app)
    assert is_error_page(alice.open(url), "invalid_request")


@pytest.mark.spec("RFC9126-7.4-1", "FAPI2-SP-FINAL-5.3.2.1-7")
def test_a_client_disabled_while_a_person_was_signing_in_gets_no_answer(app: RelyingParty, alice: Person) -> None:
    alice.approve(app.authorization_url(scope="openid"))
    shown = alice.open(app.authorization_url(scope="openid", prompt="login"))
    assert page_of(shown) == "/login"
    elsewhere = register_login_app(app.deployment)
    alice.approve(plain_url(elsewhere, prompt="login"))
    _disable(app)

    assert is_error_page(alice.open(_way_on(shown)), "invalid_request")


@pytest.mark.spec("RFC9126-7.4-1", "FAPI2-SP-FINAL-5.3.2.1-7")
def test_a_redirect_uri_withdrawn_since_the_push_is_not_used(app: RelyingParty, alice: Person) -> None:
    url = app.authorization_url()
    _change(app, redirect_uris=["https://app.example/other"])
    assert is_error_page(alice.open(url), "invalid_request_uri")


@pytest.mark.spec("RFC9126-7.4-1")
def test_a_scope_withdrawn_since_the_push_is_not_granted(app: RelyingParty, alice: Person) -> None:
    url = app.authorization_url()
    _change(app, scope="openid")
    assert is_error_page(alice.open(url), "invalid_request_uri")


def _way_on(page: TestResponse) -> str:
    return "/authorize/continue?" + urlencode({"interaction": page.request.args["interaction"]})


def _disable(app: RelyingParty) -> None:
    with app.deployment.database.transaction() as connection:
        assert set_disabled(connection, app.client_id, app.deployment.now)
    app.deployment.wait(FRESH_SECONDS)


def _change(app: RelyingParty, **members: object) -> None:
    with app.deployment.database.transaction() as connection:
        record = find_client(connection, app.client_id)
        assert record is not None
        assert replace_metadata(connection, app.client_id, {**record.metadata, **members})
    app.deployment.wait(FRESH_SECONDS)
