"""Response types, response modes and request objects that are not supported are refused by name."""

import pytest

from tests.support.deployment import Deployment
from tests.support.login_app import is_error_page, plain_url, refusal, register_login_app
from tests.support.person import Person
from tests.support.relying_party import REDIRECT_URI, RelyingParty, answer_of

UNSIGNED = "eyJhbGciOiJub25lIn0.e30."


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(deployment)


@pytest.mark.parametrize(
    "response_type", ["code id_token", "token", "id_token", "none", "code token", "Code", "code code"]
)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-1", "RFC6749-3.1.1-1")
def test_a_pushed_request_for_anything_but_a_code_is_refused(app: RelyingParty, response_type: str) -> None:
    assert refusal(app.push(response_type=response_type)) == (400, "unsupported_response_type")


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-1", "RFC6749-3.1.1-1")
def test_a_pushed_request_without_a_response_type_is_refused(app: RelyingParty) -> None:
    assert refusal(app.push(response_type=None)) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("response_type", "error"),
    [(None, "invalid_request"), ("token", "unsupported_response_type"), ("id_token", "unsupported_response_type")],
)
@pytest.mark.spec("RFC6749-3.1.1-1", "RFC6749-4.1.2.1-2", "RFC9700-2.1.2-1")
def test_a_plain_app_is_told_so_at_its_redirect_uri(
    login_app: RelyingParty, alice: Person, response_type: str | None, error: str
) -> None:
    location = alice.open(plain_url(login_app, response_type=response_type)).headers["Location"]

    assert location.startswith(f"{REDIRECT_URI}?")
    assert (answer_of(location)["error"], answer_of(location)["state"]) == (error, "state-123")


@pytest.mark.parametrize("mode", ["fragment", "fragment.jwt", "web_message", "nonsense"])
@pytest.mark.spec("OAUTH-MRT-2.1", "RFC9126-2.1-3")
def test_a_response_mode_that_is_not_supported_is_refused(app: RelyingParty, mode: str) -> None:
    assert refusal(app.push(response_mode=mode)) == (400, "invalid_request")


@pytest.mark.parametrize("mode", ["web_message", "nonsense"])
@pytest.mark.spec("OAUTH-MRT-2.1", "RFC6749-4.1.2.1-2")
def test_a_plain_app_is_told_of_such_a_response_mode_in_the_query(
    login_app: RelyingParty, alice: Person, mode: str
) -> None:
    location = alice.open(plain_url(login_app, response_mode=mode)).headers["Location"]
    assert answer_of(location)["error"] == "invalid_request"


@pytest.mark.spec("OIDCC-6.1", "OIDCC-3.1.2.6")
def test_a_plain_app_without_keys_is_told_that_its_request_objects_are_not_supported(
    login_app: RelyingParty, alice: Person
) -> None:
    location = alice.open(plain_url(login_app, request=UNSIGNED)).headers["Location"]
    assert (answer_of(location)["error"], answer_of(location)["state"]) == ("request_not_supported", "state-123")


@pytest.mark.spec("OIDCC-6.2", "OIDCC-3.1.2.6")
def test_a_plain_app_is_told_that_a_request_uri_of_its_own_is_not_supported(
    login_app: RelyingParty, alice: Person
) -> None:
    url = plain_url(login_app, request_uri="https://app.example/request.jwt#hash")
    location = alice.open(url).headers["Location"]

    assert location.startswith(f"{REDIRECT_URI}?")
    assert (answer_of(location)["error"], answer_of(location)["state"]) == ("request_uri_not_supported", "state-123")


@pytest.mark.spec("OIDCC-6.2", "FAPI2-SP-FINAL-5.3.2.1-7")
def test_a_request_uri_of_the_apps_own_leads_to_no_redirect_uri_that_is_not_registered(
    login_app: RelyingParty, alice: Person
) -> None:
    url = plain_url(login_app, request_uri="https://app.example/r.jwt", redirect_uri="https://evil.example/")
    assert is_error_page(alice.open(url), "invalid_request")


@pytest.mark.spec("RFC9396-5")
def test_a_plain_app_is_told_that_its_authorization_details_are_refused(login_app: RelyingParty, alice: Person) -> None:
    location = alice.open(plain_url(login_app, authorization_details="[]")).headers["Location"]
    assert answer_of(location)["error"] == "invalid_authorization_details"


@pytest.mark.parametrize(
    ("change", "error"),
    [({"scope": "openid nonsense"}, "invalid_scope"), ({"prompt": "none login"}, "invalid_request")],
)
@pytest.mark.spec("RFC6749-4.1.2.1-2", "RFC6749-4.1.1-1")
def test_a_plain_app_is_told_of_its_faults_at_its_redirect_uri(
    login_app: RelyingParty, alice: Person, change: dict[str, str], error: str
) -> None:
    answer = answer_of(alice.open(plain_url(login_app, **change)).headers["Location"])
    assert set(answer) == {"error", "error_description", "state", "iss"}
    assert answer["error"] == error
