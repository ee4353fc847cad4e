"""When a person must sign in again, when no page may be shown, and who is expected."""

import json

import pytest

from tests.support.deployment import Deployment
from tests.support.login_app import finish, log_in, page_of, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, answer_of, claims_of

LOGIN_FAMILY = {"login_required", "interaction_required", "account_selection_required", "consent_required"}


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(deployment)


def _id_token(app: RelyingParty, person: Person, **changes: object) -> str:
    token: str = app.redeem(code_of(person.approve(plain_url(app, **changes)))).json["id_token"]
    return token


def _silently(app: RelyingParty, person: Person, **changes: object) -> dict[str, str]:
    response = person.open(plain_url(app, prompt="none", **changes))
    assert response.status_code == 303, response.text
    return answer_of(response.headers["Location"])


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.6")
def test_without_a_session_a_silent_request_answers_login_required(login_app: RelyingParty, alice: Person) -> None:
    answer = _silently(login_app, alice)
    assert (answer["error"], answer["state"]) == ("login_required", "state-123")
    assert alice.pages == []


@pytest.mark.spec("OIDCC-3.1.2.1")
def test_with_a_session_and_consent_a_silent_request_answers_with_a_code(
    login_app: RelyingParty, alice: Person
) -> None:
    first = log_in(login_app, alice)
    login_app.deployment.wait(3)

    second = claims_of(login_app.redeem(_silently(login_app, alice)["code"]).json["id_token"])

    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


@pytest.mark.spec("OIDCC-3.1.2.4", "OIDCC-3.1.2.6")
def test_a_silent_request_for_more_than_was_allowed_answers_consent_required(
    login_app: RelyingParty, alice: Person
) -> None:
    log_in(login_app, alice)
    assert _silently(login_app, alice, scope="openid email phone")["error"] == "consent_required"


@pytest.mark.spec("OIDCC-3.1.2.6", "RFC9470-5")
def test_a_silent_request_that_needs_a_second_factor_shows_no_page_for_it(
    login_app: RelyingParty, alice: Person
) -> None:
    log_in(login_app, alice)
    error = _silently(login_app, alice, acr_values="urn:openbanking:psd2:sca")["error"]
    assert error in LOGIN_FAMILY


@pytest.mark.parametrize("prompt", ["none login", "none consent", "login none"])
@pytest.mark.spec("OIDCC-3.1.2.1")
def test_none_with_another_prompt_is_refused(login_app: RelyingParty, alice: Person, prompt: str) -> None:
    location = alice.open(plain_url(login_app, prompt=prompt)).headers["Location"]
    assert answer_of(location)["error"] == "invalid_request"


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.3")
def test_prompt_login_shows_the_page_and_makes_auth_time_later(
    login_app: RelyingParty, alice: Person, prompt: str
) -> None:
    first = log_in(login_app, alice)
    login_app.deployment.wait(5)

    shown = alice.open(plain_url(login_app, prompt=prompt))
    assert page_of(shown) == "/login"
    location = finish(alice, shown).headers["Location"]

    second = claims_of(login_app.redeem(code_of(location)).json["id_token"])
    assert second["auth_time"] == first["auth_time"] + 5
    assert second["sub"] == first["sub"]


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.4")
def test_prompt_consent_asks_again_for_what_was_allowed_before(login_app: RelyingParty, alice: Person) -> None:
    log_in(login_app, alice)
    shown = alice.open(plain_url(login_app, prompt="consent"))
    assert page_of(shown) == "/consent"
    assert answer_of(finish(alice, shown, "deny").headers["Location"])["error"] == "access_denied"


@pytest.mark.spec("OIDCC-3.1.2.4")
def test_a_second_request_for_the_same_needs_no_page(login_app: RelyingParty, alice: Person) -> None:
    log_in(login_app, alice)
    assert alice.open(plain_url(login_app)).status_code == 303


@pytest.mark.parametrize("waited", [1, 2, 60])
@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.3")
def test_max_age_1_asks_again_as_soon_as_a_second_may_have_passed(
    login_app: RelyingParty, alice: Person, waited: int
) -> None:
    first = log_in(login_app, alice)
    login_app.deployment.wait(waited)

    shown = alice.open(plain_url(login_app, max_age="1"))

    assert page_of(shown) == "/login"
    second = claims_of(login_app.redeem(code_of(finish(alice, shown).headers["Location"])).json["id_token"])
    assert second["auth_time"] == first["auth_time"] + waited


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.3")
def test_max_age_0_asks_like_prompt_login(login_app: RelyingParty, alice: Person) -> None:
    log_in(login_app, alice)
    assert page_of(alice.open(plain_url(login_app, max_age="0"))) == "/login"


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-2")
def test_max_age_10000_asks_no_second_time_and_tells_the_same_auth_time(login_app: RelyingParty, alice: Person) -> None:
    first = log_in(login_app, alice, max_age="10000")
    login_app.deployment.wait(10)
    location = alice.open(plain_url(login_app, max_age="10000")).headers["Location"]

    assert claims_of(login_app.redeem(code_of(location)).json["id_token"])["auth_time"] == first["auth_time"]


@pytest.mark.spec("OIDCC-3.1.2.6", "OIDCC-3.1.2.1")
def test_a_silent_request_for_a_newer_sign_in_answers_login_required(login_app: RelyingParty, alice: Person) -> None:
    log_in(login_app, alice)
    login_app.deployment.wait(10)
    assert _silently(login_app, alice, max_age="5")["error"] == "login_required"


@pytest.mark.parametrize("max_age", ["-1", "1.5", "soon", "1e3", "٣", "9" * 20])
@pytest.mark.spec("OIDCC-3.1.2.1")
def test_a_max_age_that_is_no_number_of_seconds_is_refused(
    login_app: RelyingParty, alice: Person, max_age: str
) -> None:
    location = alice.open(plain_url(login_app, max_age=max_age)).headers["Location"]
    assert answer_of(location)["error"] == "invalid_request"


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.2")
def test_a_silent_request_with_the_hint_of_who_is_signed_in_succeeds(login_app: RelyingParty, alice: Person) -> None:
    hint = _id_token(login_app, alice)
    login_app.deployment.wait(60)

    second = login_app.redeem(_silently(login_app, alice, id_token_hint=hint)["code"])
    assert claims_of(second.json["id_token"])["sub"] == claims_of(hint)["sub"]


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-3.1.2.2")
def test_a_silent_request_with_the_hint_of_someone_else_answers_login_required(
    login_app: RelyingParty, alice: Person
) -> None:
    hint = _id_token(login_app, Person(login_app.deployment, "bob"))
    log_in(login_app, alice)
    assert _silently(login_app, alice, id_token_hint=hint)["error"] == "login_required"


@pytest.mark.spec("OIDCC-3.1.2.2")
def test_with_the_hint_of_someone_else_that_person_must_sign_in(login_app: RelyingParty, alice: Person) -> None:
    hint = _id_token(login_app, Person(login_app.deployment, "bob"))
    log_in(login_app, alice)

    shown = alice.open(plain_url(login_app, id_token_hint=hint))

    assert page_of(shown) == "/login"
    answer = answer_of(finish(alice, shown).headers["Location"])
    assert answer["error"] == "login_required"
    assert "code" not in answer


@pytest.mark.parametrize("hint", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."])
@pytest.mark.spec("OIDCC-3.1.2.1", "FAPI2-SP-FINAL-5.4.1-1.3")
def test_a_hint_that_we_did_not_sign_is_refused(login_app: RelyingParty, alice: Person, hint: str) -> None:
    location = alice.open(plain_url(login_app, id_token_hint=hint)).headers["Location"]
    assert answer_of(location)["error"] == "invalid_request"


@pytest.mark.spec("OIDCC-3.1.2.1")
def test_a_hint_that_was_issued_to_another_app_is_refused(login_app: RelyingParty, alice: Person) -> None:
    hint = _id_token(register_login_app(login_app.deployment, "other-app"), alice)
    assert _silently(login_app, alice, id_token_hint=hint)["error"] == "invalid_request"


@pytest.mark.spec("OIDCC-3.1.2.2", "OIDCC-5.5.1")
def test_a_subject_asked_for_by_value_is_the_only_one_who_may_answer(login_app: RelyingParty, alice: Person) -> None:
    bob = log_in(login_app, Person(login_app.deployment, "bob"))["sub"]
    own = log_in(login_app, alice)["sub"]

    def asking_for(sub: str) -> dict[str, str]:
        return _silently(login_app, alice, claims=json.dumps({"id_token": {"sub": {"value": sub}}}))

    assert asking_for(bob)["error"] == "login_required"
    assert "code" in asking_for(own)


@pytest.mark.spec("OIDCC-3.1.2.2")
def test_a_hint_of_one_and_a_subject_of_another_are_refused(login_app: RelyingParty, alice: Person) -> None:
    hint = _id_token(login_app, alice)
    claims = json.dumps({"id_token": {"sub": {"value": "someone-else"}}})
    assert _silently(login_app, alice, id_token_hint=hint, claims=claims)["error"] == "invalid_request"


@pytest.mark.parametrize("claims", ['{"id_token":{"nonsense":null}}', '{"userinfo":{"sub":null,"acr":null}}'])
@pytest.mark.spec("OIDCC-5.5", "OIDCC-3.1.2.4")
def test_a_claim_that_tells_nothing_of_the_person_needs_no_consent_of_its_own(
    login_app: RelyingParty, alice: Person, claims: str
) -> None:
    log_in(login_app, alice)
    assert "code" in _silently(login_app, alice, claims=claims)
