"""Scripts of other sites: those of a registered origin may ask and read, and those of any other may not."""

from collections.abc import Mapping
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from authserver.clients.registration import prepare_registration
from authserver.db.engine import Database
from authserver.protocol.errors import InvalidClientMetadata, TemporarilyUnavailable
from authserver.protocol.origin import is_origin, origin_of
from tests.support.deployment import ISSUER, Deployment
from tests.support.login_app import plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import REDIRECT_URI, RelyingParty, register

APP = "https://spa.example"
ANOTHER = "https://another.example"
ALLOWED = "Access-Control-Allow-Origin"
SPA: dict[str, Any] = {
    "token_endpoint_auth_method": "none",
    "redirect_uris": [f"{APP}/callback", REDIRECT_URI],
    "grant_types": ["authorization_code", "refresh_token"],
}
REGISTERED = ["/token", "/par", "/revoke", "/userinfo", "/device_authorization"]
PUBLIC = ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]


@pytest.fixture
def spa(deployment: Deployment) -> RelyingParty:
    """An app on a site of its own, all of it in the browser."""
    return register_login_app(deployment, "spa", **SPA)


def preflight(deployment: Deployment, path: str, origin: str = APP, method: str = "POST") -> TestResponse:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "dpop"}
    return deployment.app.test_client().options(path, base_url=ISSUER, headers=asked)


def post(deployment: Deployment, path: str, form: Mapping[str, str], origin: str = APP) -> TestResponse:
    return deployment.app.test_client().post(path, base_url=ISSUER, data=form, headers={"Origin": origin})


def never_with_credentials(response: TestResponse) -> bool:
    return "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("path", REGISTERED)
@pytest.mark.usefixtures("spa")
@pytest.mark.spec("RFC9700-2.6-5")
def test_a_browser_asks_first_and_is_told_yes_for_a_registered_origin_alone(deployment: Deployment, path: str) -> None:
    yes = preflight(deployment, path)
    assert (yes.status_code, yes.data, yes.headers[ALLOWED]) == (204, b"", APP)
    assert "POST" in yes.headers["Access-Control-Allow-Methods"]
    allowed = yes.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "dpop", "mcp-protocol-version"} <= set(allowed)
    assert yes.headers["Access-Control-Max-Age"] == "600"
    assert yes.headers["Vary"] == "Origin"
    assert never_with_credentials(yes)
    for origin in (ANOTHER, "null", "*", "https://spa.example.evil.example", "http://spa.example", APP + "/", ""):
        no = preflight(deployment, path, origin)
        assert (no.status_code, ALLOWED in no.headers, no.headers["Vary"]) == (204, False, "Origin"), origin


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.spec("RFC8414-3", "OIDCD-4")
def test_what_is_public_may_be_read_by_any_script(deployment: Deployment, path: str) -> None:
    assert preflight(deployment, path, ANOTHER, "GET").headers[ALLOWED] == "*"
    answer = deployment.app.test_client().get(path, base_url=ISSUER, headers={"Origin": ANOTHER})
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, "*")
    assert never_with_credentials(answer)


@pytest.mark.spec("RFC9700-2.6-5")
def test_a_browser_app_reads_tokens_claims_and_refusals(
    deployment: Deployment, spa: RelyingParty, alice: Person
) -> None:
    form = {"client_id": "spa", "grant_type": "authorization_code", "code": "unknown", "redirect_uri": REDIRECT_URI}
    refused = post(deployment, "/token", form)
    assert (refused.status_code, refused.headers[ALLOWED]) == (400, APP)
    assert "DPoP-Nonce" in refused.headers["Access-Control-Expose-Headers"]
    assert post(deployment, "/token", {"client_id": "nobody"}).headers[ALLOWED] == APP
    assert post(deployment, "/par", {"client_id": "spa", "scope": "x"}).headers[ALLOWED] == APP
    token = spa.redeem(code_of(alice.approve(plain_url(spa)))).json["access_token"]
    for origin, readable in ((APP, True), (ANOTHER, False)):
        headers = {"Authorization": f"Bearer {token}", "Origin": origin}
        answer = deployment.app.test_client().get("/userinfo", base_url=ISSUER, headers=headers)
        assert (answer.status_code, answer.headers.get(ALLOWED) == origin) == (200, readable)
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&a=2", b"client_id=%00", b"client_id=" + b"x" * 5000])
@pytest.mark.usefixtures("spa")
@pytest.mark.spec("RFC9700-2.6-5")
def test_a_refusal_of_what_names_no_client_is_for_whoever_may_ask(deployment: Deployment, body: bytes) -> None:
    for origin, readable in ((APP, True), (ANOTHER, False)):
        headers = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
        answer = deployment.app.test_client().post("/token", base_url=ISSUER, data=body, headers=headers)
        assert answer.status_code in {400, 401}
        assert (ALLOWED in answer.headers) == readable


@pytest.mark.usefixtures("spa")
@pytest.mark.spec("RFC9700-2.6-5", "FAPI2-SP-FINAL-5.3.2.1-3")
def test_the_answers_of_another_client_are_not_for_that_script(deployment: Deployment) -> None:
    """A financial client's answer is for no script at all, nor is one client's for the site of another."""
    bank_app = register(deployment, "bank-app")
    other = register_login_app(deployment, "other")
    assertion = {"client_assertion": bank_app.assertion(), "grant_type": "client_credentials"}
    assert ALLOWED not in post(deployment, "/token", assertion).headers
    for client_id in ("bank-app", "other"):
        assert ALLOWED not in post(deployment, "/token", {"client_id": client_id, "grant_type": "x"}).headers
    assert other.client_id == "other"


@pytest.mark.parametrize("path", ["/authorize", "/introspect", "/introspect/ended", "/readyz"])
@pytest.mark.usefixtures("spa")
@pytest.mark.spec("RFC9700-2.6-5")
def test_elsewhere_a_browser_is_told_nothing(deployment: Deployment, path: str) -> None:
    assert preflight(deployment, path).status_code == 405
    answer = deployment.app.test_client().get(path, base_url=ISSUER, headers={"Origin": APP})
    assert ALLOWED not in answer.headers


@pytest.mark.usefixtures("spa")
@pytest.mark.parametrize("path", REGISTERED)
@pytest.mark.spec("RFC9110-15.6.4")
def test_a_database_that_is_away_is_told_of_and_fails_nothing_else(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise TemporarilyUnavailable("The database is away.", reason="test", clause="RFC6749-4.1.2.1")

    monkeypatch.setattr(Database, "read", fail)
    client = deployment.app.test_client()
    form = {"client_id": "unknown-to-every-cache", "grant_type": "refresh_token", "refresh_token": "x", "token": "x"}
    answer = client.post(path, data=form, headers={"Origin": "https://seen-by-none.example"})
    assert answer.status_code in {401, 503}
    assert "Access-Control-Allow-Origin" not in answer.headers
    asked = {"Origin": "https://seen-by-none.example", "Access-Control-Request-Method": "POST"}
    preflight = client.options(path, headers=asked)
    assert (preflight.status_code, preflight.headers.get("Access-Control-Allow-Origin")) == (204, None)


@pytest.mark.usefixtures("spa")
@pytest.mark.spec("RFC9700-2.6-5")
def test_an_origin_is_given_up_with_its_client(deployment: Deployment) -> None:
    assert ALLOWED in preflight(deployment, "/token").headers
    deployment.change_client("spa", allowed_cors_origins=[ANOTHER])
    deployment.wait(2)
    assert ALLOWED not in preflight(deployment, "/token").headers
    assert ALLOWED in preflight(deployment, "/token", ANOTHER).headers
    deployment.change_client("spa", allowed_cors_origins=[])
    deployment.wait(2)
    assert ALLOWED not in preflight(deployment, "/token", ANOTHER).headers


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://a.example/", "https://a.example/path", "https://A.example", "https://a.example:443",
     "http://a.example", "ftp://a.example", "https://user@a.example", "a.example", "https://a.example:0",
     "https://a.example:65536", "https://*.example", "https://" + "a" * 300],
)  # fmt: skip
@pytest.mark.spec("RFC6454-6.2")
def test_what_is_no_origin_is_not_registered(origin: str) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration({**SPA, "profile": "oidc", "allowed_cors_origins": [origin]}, default_profile="oidc")
    assert refused.value.member == "allowed_cors_origins"


@pytest.mark.parametrize(
    "origin", ["https://a.example", "https://a.example:8443", "http://localhost:5173", "http://[::1]:1"]
)
@pytest.mark.spec("RFC6454-6.2")
def test_what_a_browser_would_say_is_registered(deployment: Deployment, origin: str) -> None:
    register_login_app(deployment, "spa", **SPA, allowed_cors_origins=[origin])
    assert preflight(deployment, "/token", origin).headers[ALLOWED] == origin
    assert ALLOWED not in preflight(deployment, "/token").headers, "those that are named stand for the others"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-3")
def test_no_financial_client_names_an_origin() -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration(
            {"redirect_uris": [REDIRECT_URI], "jwks_uri": "https://a.example/jwks", "allowed_cors_origins": [APP],
             "tls_client_certificate_bound_access_tokens": True},
            default_profile="fapi2",
        )  # fmt: skip
    assert (refused.value.member, refused.value.clause) == ("allowed_cors_origins", "FAPI2-SP-FINAL-5.3.2.1-3")


@given(st.text(max_size=60) | st.from_regex(r"\Ahttps?://[a-zA-Z0-9.:\[\]-]{0,30}(/.*)?\Z"))
def test_the_origin_of_a_url_is_one_or_none(url: str) -> None:
    try:
        origin = origin_of(url)
    except ValueError:
        return
    assert origin is None or (is_origin(origin) and url.lower().startswith(origin.partition("://")[0]))
