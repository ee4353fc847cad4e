"""Devices without a browser: a person types one code elsewhere, and the device polls with the other."""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from authserver.clients.registration import prepare_registration
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.names import GRANT_DEVICE_CODE
from tests.support.deployment import ISSUER, Deployment
from tests.support.login_app import finish, is_error_page, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.races import at_once
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, Reply, claims_of

TELEVISION: dict[str, Any] = {
    "token_endpoint_auth_method": "none",
    "client_name": "Evening Television",
    "redirect_uris": [],
    "grant_types": [GRANT_DEVICE_CODE, "refresh_token"],
    "scope": "openid email offline_access",
}


@pytest.fixture
def television(deployment: Deployment) -> RelyingParty:
    """A device that can hold no secret."""
    return register_login_app(deployment, "television", **TELEVISION)


def begin(device: RelyingParty, **changes: object) -> dict[str, Any]:
    """Have the device ask, and return what it is told."""
    answer = ask(device, **changes)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json
    return told


def ask(device: RelyingParty, **changes: object) -> Reply:
    return device.authenticated("/device_authorization", {"scope": "openid email"}, **changes)


def poll(device: RelyingParty, device_code: str, **changes: object) -> Reply:
    form = {"grant_type": GRANT_DEVICE_CODE, "device_code": device_code}
    return device.authenticated("/token", form, **changes)


def type_code(person: Person, user_code: str) -> TestResponse:
    """Type a code and say that the device is one's own; return the page after it."""
    found = person.send(person.open("/device"), user_code=user_code, action="find")
    assert found.status_code == 200, found.text
    return person.submit("/device", found, action="continue")


def answer(person: Person, user_code: str, decision: str = "approve") -> TestResponse:
    return finish(person, type_code(person, user_code), decision)


@pytest.mark.spec("RFC8628-3.2-1", "RFC8628-3.2-2", "RFC8628-3.3-1", "RFC8628-3.5-1", "RFC8628-5.2-1")
def test_a_television_gets_what_a_person_allows_it_on_their_phone(
    deployment: Deployment, television: RelyingParty, alice: Person
) -> None:
    told = begin(television)
    assert told["verification_uri"] == f"{ISSUER}/device"
    assert told["verification_uri_complete"] == f"{ISSUER}/device?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert len(told["user_code"]) == 9
    assert refusal(poll(television, told["device_code"])) == (400, "authorization_pending")

    page = answer(alice, told["user_code"])
    assert "Go back to your device" in page.text
    deployment.wait(5)

    tokens = poll(television, told["device_code"]).json
    assert claims_of(tokens["id_token"])["aud"] == "television"
    assert television.userinfo(tokens["access_token"]).json["email"]
    assert television.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("RFC8628-3.5", "RFC6749-4.1.2")
def test_a_device_code_is_spent_once_and_coming_back_with_it_ends_the_grant(
    television: RelyingParty, alice: Person
) -> None:
    told = begin(television)
    answer(alice, told["user_code"])
    tokens = poll(television, told["device_code"]).json
    assert refusal(poll(television, told["device_code"])) == (400, "invalid_grant")
    assert refusal(television.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.spec("RFC8628-3.5")
def test_of_polls_at_one_moment_one_gets_the_tokens(television: RelyingParty, alice: Person) -> None:
    told = begin(television)
    answer(alice, told["user_code"])
    replies = at_once([partial(poll, television, told["device_code"]) for _ in range(6)])
    assert sorted(reply.status_code for reply in replies) == [200, 400, 400, 400, 400, 400]


@pytest.mark.spec("RFC8628-3.3")
def test_of_two_people_who_answer_at_one_moment_one_decides(
    deployment: Deployment, television: RelyingParty, alice: Person
) -> None:
    told = begin(television)
    people = [alice, Person(deployment, username="bob")]
    asked = []
    for person in people:
        page = type_code(person, told["user_code"])
        for step in (person.sign_in, person.enter_code):
            page = step(page) if page.request.path.startswith("/login") else page
        assert page.request.path == "/consent"
        asked.append((person, page))
    pages = at_once([partial(person.decide, page, "approve") for person, page in asked])
    assert sorted(page.status_code for page in pages) == [200, 400]
    tokens = poll(television, told["device_code"]).json
    decided = next(person for (person, _), page in zip(asked, pages, strict=True) if page.status_code == 200)
    subject = claims_of(tokens["id_token"])["sub"]
    assert subject == television.userinfo(tokens["access_token"]).json["sub"]
    assert decided.username in {"alice", "bob"}


@pytest.mark.spec("RFC8628-3.5-2")
def test_who_polls_too_often_is_told_to_slow_down_and_gets_the_tokens_all_the_same(
    deployment: Deployment, television: RelyingParty, alice: Person
) -> None:
    told = begin(television)
    errors = []
    for pause in (0, 1, 5, 15, 20):
        deployment.wait(pause)
        errors.append(poll(television, told["device_code"]).json["error"])
    slow, pending = "slow_down", "authorization_pending"
    assert errors == [pending, slow, slow, pending, pending], "each poll too many adds five seconds"
    answer(alice, told["user_code"])
    assert poll(television, told["device_code"]).status_code == 200


@pytest.mark.spec("RFC8628-3.5-1")
def test_a_person_who_refuses_is_heard_by_the_device(television: RelyingParty, alice: Person) -> None:
    told = begin(television)
    page = answer(alice, told["user_code"], "deny")
    assert "Nothing was shared" in page.text
    assert refusal(poll(television, told["device_code"])) == (400, "access_denied")
    assert "No device shows this code" in type_again(alice, told["user_code"])


@pytest.mark.spec("RFC8628-3.5-3", "RFC8628-3.2")
def test_what_nobody_answered_in_time_has_expired_on_both_sides(
    deployment: Deployment, television: RelyingParty, alice: Person
) -> None:
    told = begin(television)
    page = type_code(alice, told["user_code"])
    deployment.wait(600)
    assert refusal(poll(television, told["device_code"])) == (400, "expired_token")
    assert "No device shows this code" in type_again(alice, told["user_code"])
    assert finish(alice, page).status_code == 400
    assert refusal(poll(television, told["device_code"])) == (400, "expired_token")


@pytest.mark.parametrize("typed", ["bcdf-ghjk", " b c d f g h j k ", "BCDFGHJK", "bcdf.ghjk"])
@pytest.mark.spec("RFC8628-6.1-1")
def test_a_code_may_be_typed_in_any_way(
    television: RelyingParty, alice: Person, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authserver.authorization.endpoints.device.new_user_code", lambda: "BCDF-GHJK")
    told = begin(television)
    assert "Go back to your device" in answer(alice, typed).text
    assert poll(television, told["device_code"]).status_code == 200


@pytest.mark.spec("RFC8628-3.3.1-1", "RFC8628-5.4-1")
def test_a_link_with_the_code_fills_it_in_and_does_no_more(television: RelyingParty, alice: Person) -> None:
    """Whoever follows a link that someone sent them is still asked, twice, whether the device is theirs."""
    told = begin(television)
    parts = urlsplit(told["verification_uri_complete"])
    page = alice.open(f"{parts.path}?{parts.query}")
    assert f'value="{told["user_code"]}"' in page.text
    assert "Evening Television" not in page.text
    found = alice.send(page, user_code=told["user_code"], action="find")
    assert "Evening Television" in found.text
    assert "127.0.0.1" in found.text, "where the device asked from"
    assert "someone wants to get into your account" in found.text


@pytest.mark.spec("RFC8628-5.4", "RFC6749-10.2")
def test_a_device_never_rests_on_what_was_allowed_before(deployment: Deployment, alice: Person) -> None:
    """Else whoever sends a code to a person who is signed in would have their tokens by one press of a button."""
    box = {**TELEVISION, "token_endpoint_auth_method": "client_secret_basic"}
    device = register_login_app(deployment, "box", **box)
    for _ in range(2):
        told = begin(device)
        page = type_code(alice, told["user_code"])
        assert page.request.path in {"/login", "/consent"}, "no code is answered without a page that asks"
        assert "Go back to your device" in finish(alice, page).text
        assert poll(device, told["device_code"]).status_code == 200


@pytest.mark.spec("RFC8628-5.1-1")
def test_guessing_codes_is_limited_and_told_of(deployment: Deployment, television: RelyingParty, alice: Person) -> None:
    begin(television)
    page = alice.open("/device")
    statuses = [alice.send(page, user_code=f"BBBB-BBB{letter}", action="find").status_code for letter in "BCDFGHJKLMNP"]
    assert statuses[:10] == [400] * 10
    assert statuses[-1] == 429
    assert deployment.event_names().count("device.user_code_unknown") == 10


@pytest.mark.parametrize("typed", ["", "x" * 5000, "AEIO-UYAE", "<script>", "BCDFGHJKL", "\uff22CDFGHJK"])
@pytest.mark.spec("RFC8628-6.1-1")
def test_what_is_no_code_is_said_to_be_none(television: RelyingParty, alice: Person, typed: str) -> None:
    begin(television)
    assert "No device shows this code" in type_again(alice, typed)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "openid accounts"}, "invalid_scope"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"resource": "https://nobody.example/"}, "invalid_target"),
        ({"authorization_details": "[{}]"}, "invalid_authorization_details"),
        ({"client_id": "nobody"}, "invalid_client"),
    ],
)
@pytest.mark.spec("RFC8628-3.1-1", "RFC6749-5.2")
def test_a_device_is_refused_as_any_client_is(television: RelyingParty, changes: dict[str, str], error: str) -> None:
    assert ask(television, **changes).json["error"] == error


@pytest.mark.spec("RFC8628-3.1-2", "RFC6749-5.2", "RFC8628-3.4-1")
def test_only_who_registered_for_it_may_ask_or_poll(
    deployment: Deployment, television: RelyingParty, alice: Person
) -> None:
    told = begin(television)
    web = register_login_app(deployment, "web", token_endpoint_auth_method="none", grant_types=["authorization_code"])
    assert refusal(ask(web)) == (400, "unauthorized_client")
    assert refusal(poll(web, told["device_code"])) == (400, "unauthorized_client")
    other = register_login_app(deployment, "other", **TELEVISION)
    answer(alice, told["user_code"])
    assert refusal(poll(other, told["device_code"])) == (400, "invalid_grant")
    assert refusal(poll(television, "unknown")) == (400, "invalid_grant")
    assert refusal(television.send("/token", {"client_id": "television", "grant_type": GRANT_DEVICE_CODE})) == (
        400,
        "invalid_request",
    )


@pytest.mark.spec("RFC8628-3.4", "RFC6749-4.1.3")
def test_neither_code_passes_for_the_other(deployment: Deployment, alice: Person) -> None:
    both = {**TELEVISION, "grant_types": ["authorization_code", GRANT_DEVICE_CODE]}
    app = register_login_app(deployment, "both", **{**both, "redirect_uris": ["https://app.example/callback"]})
    told = begin(app)
    answer(alice, told["user_code"])
    for redirect_uri in ("", "https://app.example/callback", None):
        assert refusal(app.redeem(told["device_code"], redirect_uri=redirect_uri)) == (400, "invalid_grant")
    assert refusal(poll(app, code_of(alice.approve(plain_url(app, prompt="consent"))))) == (400, "invalid_grant")
    assert poll(app, told["device_code"]).status_code == 200


@pytest.mark.spec("RFC9126-7.4", "RFC8628-3.1")
def test_a_client_that_may_no_longer_ask_gets_nothing(
    deployment: Deployment, television: RelyingParty, alice: Person
) -> None:
    told = begin(television)
    page = type_code(alice, told["user_code"])
    deployment.change_client(
        "television", grant_types=["refresh_token", "authorization_code"], redirect_uris=["https://a.example/"]
    )
    assert is_error_page(finish(alice, page), "invalid_request_uri")
    assert refusal(poll(television, told["device_code"])) == (400, "unauthorized_client")


@pytest.mark.spec("RFC8628-4-1")
def test_the_metadata_tells_where_to_ask(deployment: Deployment) -> None:
    document = deployment.app.test_client().get("/.well-known/oauth-authorization-server", base_url=ISSUER).json
    assert document is not None
    assert document is not None
    assert document["device_authorization_endpoint"] == f"{ISSUER}/device_authorization"
    assert GRANT_DEVICE_CODE in document["grant_types_supported"]


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-1")
def test_no_financial_client_registers_for_it() -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration({**TELEVISION, "profile": "fapi2"}, default_profile="fapi2")
    assert refused.value.member in {"grant_types", "token_endpoint_auth_method"}


def type_again(person: Person, user_code: str) -> str:
    page = person.send(person.open("/device"), user_code=user_code, action="find")
    assert page.status_code == 400
    return page.text
