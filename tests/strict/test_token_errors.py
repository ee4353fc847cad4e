"""How the token endpoint refuses: one form, status 400 or for client authentication 401, never a 500."""

from typing import cast

import pytest

from tests.support.deployment import ISSUER, Deployment
from tests.support.machine_calls import MACHINE_ENDPOINTS, honest_form
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, Reply, register

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def client(shared: Deployment) -> RelyingParty:
    """A client that knows how to ask."""
    return register(shared)


def post(client: RelyingParty, body: bytes, content_type: str | None = FORM, path: str = "/token") -> Reply:
    """Post octets as they are."""
    sender = client.deployment.app.test_client()
    return cast("Reply", sender.post(path, data=body, content_type=content_type, base_url=ISSUER))


@pytest.mark.parametrize(
    "grant_type",
    [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
        "authorization_code ",
        "é",
        "x" * 5000,
    ],
)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-2", "RFC9700-2.4-1", "RFC6749-5.2-1")
def test_the_password_grant_and_unknown_ones_are_not_supported(client: RelyingParty, grant_type: str) -> None:
    form = {"grant_type": grant_type, "username": "alice", "password": "correct-horse-battery-staple"}
    assert refusal(client.authenticated("/token", form)) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("grant_type", [None, ""])
@pytest.mark.spec("RFC6749-5.2-1", "RFC6749-3.1-3", "RFC6749-4.1.1-1")
def test_no_grant_type_is_an_invalid_request(client: RelyingParty, grant_type: str | None) -> None:
    form = {} if grant_type is None else {"grant_type": grant_type}
    assert refusal(client.authenticated("/token", form)) == (400, "invalid_request")


@pytest.mark.parametrize("name", ["grant_type", "scope", "client_assertion", "client_assertion_type", "unknown"])
@pytest.mark.spec("RFC6749-3.2-1", "RFC6749-3.1-3")
def test_a_repeated_parameter_is_an_invalid_request(client: RelyingParty, name: str) -> None:
    honest = {**honest_form(client, "/token"), **client.credentials()}
    for pair in ([honest.get(name, "x")] * 2, [honest.get(name, "x"), ""]):
        assert refusal(client.send("/token", {**honest, name: pair})) == (400, "invalid_request")


@pytest.mark.spec("RFC6749-3.1-3")
def test_unknown_parameters_and_empty_ones_are_ignored(client: RelyingParty) -> None:
    assert client.client_credentials(unknown="x", another="", scope="").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&&",
        b"=",
        b"grant_type=%ff",
        b"grant_type=\xff",
        b"grant_type=%00",
        b"%00=x",
        b"grant_type=" + b"x" * 60_000,
        b"&".join(b"p%d=x" % number for number in range(65)),
        b'{"grant_type":"client_credentials"}',
        b"grant_type%3Dclient_credentials",
    ],
)
@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec(
    "RFC6749-5.2-1", "RFC6749-5.2-2", "RFC6749-10.14-1", "RFC6749-B-1", "RFC9126-2.3-1", "RFC7009-2.2.1-1"
)
def test_a_body_that_makes_no_sense_is_refused_in_the_standard_form(
    client: RelyingParty, path: str, body: bytes
) -> None:
    assert refusal(post(client, body, path=path)) in {(400, "invalid_request"), (401, "invalid_client")}


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", None])
@pytest.mark.spec("RFC6749-3.2-1", "RFC6749-5.2-1")
def test_a_body_that_is_no_form_is_refused(client: RelyingParty, content_type: str | None) -> None:
    assert refusal(post(client, b"grant_type=client_credentials", content_type)) == (415, "invalid_request")


@pytest.mark.spec("RFC6749-3.2-1")
def test_the_type_of_a_form_may_carry_a_charset_and_any_case(client: RelyingParty) -> None:
    for content_type in (FORM + ";charset=UTF-8", FORM.upper()):
        assert refusal(post(client, b"grant_type=client_credentials", content_type)) == (401, "invalid_client")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-3.2-1", "RFC9126-2-1", "RFC9126-2.3-2", "RFC7009-2-2", "RFC7662-2.1-1")
def test_another_method_than_post_is_not_allowed(client: RelyingParty, path: str, method: str) -> None:
    reply = client.send(path, method=method)
    assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC9126-2.3-2")
def test_a_body_larger_than_any_honest_one_is_not_read(client: RelyingParty, path: str) -> None:
    reply = client.deployment.app.test_client().post(path, data=b"a=" + b"x" * 70_000, content_type=FORM)
    assert reply.status_code == 413


@pytest.mark.spec("RFC6749-2.3.1-2", "RFC6749-3.2-1")
def test_parameters_in_the_url_are_refused(client: RelyingParty) -> None:
    form = {**honest_form(client, "/token"), **client.credentials()}
    assert refusal(client.send("/token?grant_type=client_credentials", form)) == (400, "invalid_request")


@pytest.mark.spec("RFC7009-5-1", "RFC9126-2.3-2")
def test_too_many_requests_of_one_client_are_told_to_wait(deployment: Deployment) -> None:
    for _ in range(121):
        reply = deployment.app.test_client().post("/revoke", data=b"token=x", content_type=FORM)
    assert reply.status_code == 429
    assert reply.json is not None
    assert reply.json["error"] == "temporarily_unavailable"
    assert int(reply.headers["Retry-After"]) > 0
