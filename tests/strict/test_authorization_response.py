"""What comes back to the client: exactly what it must, exactly as it was sent, and nothing more."""

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from tests.support.deployment import ISSUER
from tests.support.login_app import finish, plain_url, register_login_app
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, RelyingParty, answer_of

LONG_STATE = "".join(chr(33 + number % 94) for number in range(1000))
STATES = [
    "s" * 128,
    LONG_STATE,
    "a+b=c~d&e%20f#g?h/i",
    "%2B%25",
    "with space and 'quotes\" and <tags>",
    "ünïcode ✓",
    " ",
]


@pytest.mark.spec("RFC6749-4.1.2-4", "FAPI2-SP-FINAL-5.3.2.2-7", "RFC9207-2-1")
def test_a_success_holds_code_state_and_iss_and_nothing_else(app: RelyingParty, alice: Person) -> None:
    location = alice.approve(app.authorization_url())

    assert [name for name, _ in parse_qsl(urlsplit(location).query)] == ["code", "state", "iss"]
    assert answer_of(location)["iss"] == ISSUER
    assert urlsplit(location).fragment == ""


@pytest.mark.spec("RFC6749-4.1.2.1-2", "RFC9207-2-1")
def test_an_error_holds_error_description_state_and_iss_and_nothing_else(app: RelyingParty, alice: Person) -> None:
    location = alice.deny(app.authorization_url())

    answer = answer_of(location)
    assert set(answer) == {"error", "error_description", "state", "iss"}
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "state-123", ISSUER)
    assert location.startswith(f"{REDIRECT_URI}?")


@pytest.mark.spec("RFC9207-2-1", "RFC9207-2.3-2")
def test_every_answer_carries_the_issuer_of_the_metadata(app: RelyingParty, alice: Person) -> None:
    published = app.send("/.well-known/oauth-authorization-server").json["issuer"]
    plain = register_login_app(app.deployment)
    answers = [
        alice.deny(app.authorization_url()),
        alice.approve(app.authorization_url()),
        alice.open(plain_url(plain, prompt="none", scope="openid phone")).headers["Location"],
        alice.open(plain_url(plain, response_type=None)).headers["Location"],
    ]

    assert {answer_of(location)["iss"] for location in answers} == {published}
    assert [answer_of(location).get("error") for location in answers] == [
        "access_denied",
        None,
        "consent_required",
        "invalid_request",
    ]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.spec("RFC6749-4.1.2-4")
def test_state_returns_character_by_character(app: RelyingParty, alice: Person, state: str) -> None:
    location = alice.approve(app.authorization_url(state=state))

    assert answer_of(location)["state"] == state
    encoded = dict(part.split("=") for part in urlsplit(location).query.split("&"))
    assert unquote(encoded["state"]) == state  # escaped once, and a space not as a plus


@pytest.mark.spec("RFC6749-4.1.2.1-2", "RFC6749-4.1.2-4")
def test_state_returns_with_an_error_as_it_came(app: RelyingParty, alice: Person) -> None:
    assert answer_of(alice.deny(app.authorization_url(state=LONG_STATE)))["state"] == LONG_STATE


@pytest.mark.parametrize("state", [None, ""])
@pytest.mark.spec("RFC6749-4.1.2-4", "RFC6749-3.1-3")
def test_no_state_comes_back_where_none_was_sent(app: RelyingParty, alice: Person, state: str | None) -> None:
    assert set(answer_of(alice.approve(app.authorization_url(state=state)))) == {"code", "iss"}


@pytest.mark.spec("RFC6749-4.1.2.1-2")
def test_no_state_comes_back_with_an_error_where_none_was_sent(app: RelyingParty, alice: Person) -> None:
    assert "state" not in answer_of(alice.deny(app.authorization_url(state=None)))


@pytest.mark.spec("RFC6749-4.1.1-1")
def test_a_state_beyond_all_use_is_refused_and_not_cut(app: RelyingParty) -> None:
    response = app.push(state="s" * 10_000)
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("page", ["/login", "/login/totp"])
@pytest.mark.spec("RFC6749-4.1.2.1-2", "OIDCC-3.1.2.6")
def test_cancelling_at_any_step_answers_access_denied(app: RelyingParty, alice: Person, page: str) -> None:
    shown = alice.open(app.authorization_url())
    if page == "/login/totp":
        shown = alice.sign_in(shown)
    assert shown.request.path == page

    answer = answer_of(alice.submit(shown.request.full_path, shown, action="cancel").headers["Location"])

    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "state-123", ISSUER)


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-13", "RFC6749-10.2-1")
def test_a_person_is_told_who_asks_for_what_before_anything_is_shared(app: RelyingParty, alice: Person) -> None:
    shown = alice.enter_code(alice.sign_in(alice.open(app.authorization_url(scope="openid email accounts"))))

    assert shown.request.path == "/consent"
    for told in ("Tiny Ledger", "app.example", "alice", "email", "accounts"):
        assert told in shown.text
    assert 'id="approve"' in shown.text
    assert 'id="deny"' in shown.text


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-10", "FAPI2-SP-FINAL-5.3.2.2-11", "RFC9700-4.12-1")
def test_every_redirect_on_the_way_is_a_303(app: RelyingParty, alice: Person) -> None:
    statuses = []
    open_page, send_form = alice.browser.get, alice.browser.post

    def note(call: object) -> object:
        def noted(*arguments: object, **named: object) -> object:
            response = call(*arguments, **named)  # type: ignore[operator]  # a method of the browser
            statuses.append(response.status_code)
            return response

        return noted

    alice.browser.get, alice.browser.post = note(open_page), note(send_form)  # type: ignore[method-assign, assignment]  # to look over the browser's shoulder
    finish(alice, alice.open(app.authorization_url()))

    assert len(statuses) >= 8
    assert set(statuses) == {200, 303}


@pytest.mark.spec("RFC9700-4.2.4-1", "RFC6749-5.1-2")
def test_the_redirect_with_the_code_is_kept_by_no_cache_and_no_referrer(app: RelyingParty, alice: Person) -> None:
    answer = finish(alice, alice.open(app.authorization_url()))

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/authorize", "/authorize/continue"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.2.3-3", "RFC9700-2.6-5")
def test_the_authorization_endpoint_knows_no_cross_origin_sharing(app: RelyingParty, path: str) -> None:
    client = app.deployment.app.test_client()
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    for response in (
        client.get(f"{path}?client_id=app", headers=headers, base_url=ISSUER),
        client.options(path, headers=headers, base_url=ISSUER),
    ):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control-")]
