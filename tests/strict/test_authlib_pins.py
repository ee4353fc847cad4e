"""Inputs that stock Authlib 1.9 answers with a 500, or accepts; each gets a clear standard answer here.

Authlib's engine is not ours (docs/decisions/0001); these hold us to what that decision promised.
"""

import base64
from collections.abc import Mapping

import pytest

from authserver.clients.registration import prepare_registration
from authserver.protocol.errors import InvalidClientMetadata, InvalidRedirectUri
from tests.support.deployment import ISSUER, Deployment
from tests.support.jose import encode, forge, private_key, public_jwk
from tests.support.machine_calls import MACHINE_ENDPOINTS, call, honest_form
from tests.support.person import Person
from tests.support.refusals import refusal
from tests.support.relying_party import REDIRECT_URI, RelyingParty, answer_of, basic, register

NOT_AUTHENTICATED = (401, "invalid_client")
GOOD_KEY = public_jwk(private_key("ES256"), kid="good")
GOOD = {"redirect_uris": [REDIRECT_URI], "jwks": {"keys": [GOOD_KEY]}}


@pytest.fixture(scope="module")
def client(shared: Deployment) -> RelyingParty:
    """A client of the strict profile."""
    return register(shared)


@pytest.mark.spec("RFC9700-2.6-3")
def test_plain_http_from_the_proxy_is_no_failure(client: RelyingParty) -> None:
    reply = client.deployment.app.test_client().post(
        "/token",
        data={**honest_form(client, "/token"), **client.credentials()},
        base_url="http://internal:8000",
        headers={
            "Client-Cert": f":{base64.b64encode(client.certificate.der if client.certificate else b'').decode()}:"
        },
    )
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("redirect_uri", 'https://x/"', "invalid_request"),
        ("redirect_uri", "https://x/é\\", "invalid_request"),
        ("redirect_uri", "https://[", "invalid_request"),
        ("response_type", '"é', "unsupported_response_type"),
        ("response_type", "code token", "unsupported_response_type"),
        ("scope", '"é', "invalid_scope"),
        ("code_challenge", '"é', "invalid_request"),
        ("code_challenge_method", '"é', "invalid_request"),
        ("response_mode", '"é', "invalid_request"),
        ("prompt", '"é', "invalid_request"),
        ("max_age", "1e9", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("claims", '[" é"]', "invalid_request"),
        ("claims", "{" * 5000, "invalid_request"),
        ("resource", '"é', "invalid_target"),
        ("dpop_jkt", '"é', "invalid_request"),
        ("id_token_hint", '"é', "invalid_request"),
    ],
)
@pytest.mark.spec("RFC6749-5.2-2", "RFC6749-4.1.1-1", "RFC6749-10.14-1")
def test_a_parameter_that_no_description_may_repeat_is_refused(
    client: RelyingParty, name: str, value: str, code: str
) -> None:
    reply = client.push(**{name: value})
    assert refusal(reply) == (400, code)
    assert '"é' not in reply.text


@pytest.mark.parametrize(
    "header",
    [
        b'["alg"]',
        b'"alg"',
        b"1",
        b"null",
        b'{"alg":"ES256","crit":1}',
        b'{"alg":"ES256","crit":[]}',
        b'{"alg":"ES256","crit":["kid"]}',
        b'{"alg":"ES256","b64":false}',
        b'{"alg":"\\"","kid":"one"}',
        '{"alg":"é"}'.encode(),
        b'{"alg":"ES256","kid":"\\""}',
        '{"alg":"ES256","kid":"é"}'.encode(),
        b'{"alg":"ES256","kid":["one"]}',
        b'{"alg":"ES256","kid":"\\ud800"}',
        b'{"alg":"ES256","alg":"none"}',
        b'{"alg":["ES256"]}',
        b'{"alg":{"ES256":1}}',
        b"[" * 3000,
        b"\xff",
        b"",
    ],
)
@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1.1", "RFC7515-5.2")
def test_an_assertion_with_an_odd_header_authenticates_no_one(client: RelyingParty, path: str, header: bytes) -> None:
    claims = client.assertion().split(".")[1]
    decoded = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    forged = forge(header, decoded, client.key, "ES256")
    assert refusal(call(client, path, client_assertion=forged)) == NOT_AUTHENTICATED


@pytest.mark.parametrize("assertion", ["é", "a.b", "....", "=.=.=", encode(b"{}") * 3, "." * 17000, "x" * 17000])
@pytest.mark.spec("RFC7523-3-9")
def test_what_is_no_jwt_authenticates_no_one(client: RelyingParty, assertion: str) -> None:
    assert refusal(call(client, client_assertion=assertion)) == NOT_AUTHENTICATED


@pytest.mark.parametrize("credentials", [b"\xff\xfe:\xfa", "é:é".encode(), "é:é".encode("latin-1"), b"a", b":", b""])
@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3.1-1", "RFC6749-5.2-3")
def test_a_basic_header_in_no_encoding_authenticates_no_one(
    client: RelyingParty, path: str, credentials: bytes
) -> None:
    headers = {"Authorization": "Basic " + base64.b64encode(credentials).decode()}
    assert refusal(client.send(path, honest_form(client, path), headers=headers)) == NOT_AUTHENTICATED
    raw = {"Authorization": "Basic " + credentials.decode("latin-1").replace("\n", "")}
    assert refusal(client.send(path, honest_form(client, path), headers=raw)) == NOT_AUTHENTICATED


@pytest.mark.parametrize("claims", [b'{"response_type":["code"]}', b'{"redirect_uri":5}', b"[1]", b""])
@pytest.mark.spec("RFC9126-2.1-3", "OIDCC-6.1")
def test_the_members_of_a_request_object_are_judged_before_they_are_used(client: RelyingParty, claims: bytes) -> None:
    request_object = forge({"alg": "ES256", "typ": "oauth-authz-req+jwt"}, claims, client.key, "ES256")
    status, code = refusal(client.push(request=request_object))
    assert (status, code) == (400, "invalid_request_object")


@pytest.mark.parametrize(
    "document",
    [
        [1],
        "x",
        None,
        5,
        {},
        {"redirect_uris": 5},
        {"redirect_uris": [5]},
        {"redirect_uris": "https://app.example/"},
        {"redirect_uris": []},
        {**GOOD, "client_name": 5},
        {**GOOD, "client_name": {"en": "x"}},
        {**GOOD, "scope": ["openid"]},
        {**GOOD, "scope": '"'},
        {**GOOD, "grant_types": "authorization_code"},
        {**GOOD, "grant_types": ["password"]},
        {**GOOD, "grant_types": ["implicit"]},
        {**GOOD, "response_types": ["token"]},
        {**GOOD, "contacts": [1]},
        {**GOOD, "jwks": 5},
        {**GOOD, "jwks": {"keys": 5}},
        {**GOOD, "jwks": {"keys": [5]}},
        {**GOOD, "jwks": {"keys": []}},
        {**GOOD, "jwks": {"keys": [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}]}},
        {**GOOD, "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}},
        {**GOOD, "jwks": {"keys": [{"kty": 5}]}},
        {**GOOD, "jwks": {"keys": [GOOD_KEY, private_key("ES256").as_dict(private=True)]}},
        {**GOOD, "jwks": {"keys": [GOOD_KEY, {"kty": "oct", "k": "AAAA"}]}},
        {**GOOD, "jwks_uri": "https://app.example/jwks"},
        {"redirect_uris": [REDIRECT_URI], "jwks_uri": "http://app.example/jwks"},
        {"redirect_uris": [REDIRECT_URI], "jwks_uri": "file:///etc/passwd"},
        {**GOOD, "logo_uri": "javascript:alert(1)"},
        {**GOOD, "client_id": "x\x00"},
        {**GOOD, "client_id": "é"},
        {**GOOD, "profile": "none"},
        {**GOOD, "token_endpoint_auth_method": ["private_key_jwt"]},
        {**GOOD, "default_max_age": -1},
        {**GOOD, "default_max_age": True},
    ],
)
@pytest.mark.spec("RFC7591-3.2.2", "RFC6749-10.14-1", "FAPI2-SP-FINAL-5.4.1-2")
def test_a_registration_that_makes_no_sense_is_refused_with_its_clause(document: object) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration(document, default_profile="fapi2")
    assert refused.value.clause
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://evil.example/cb",
        "http://127.0.0.1/cb",
        "javascript://x/%0aalert(1)",
        "data:text/html,x",
        "ftp://x/",
        "https://",
        "https:///cb",
        "https://user@app.example/cb",
        "https://app.example/cb#fragment",
        "https://app.example/c b",
        'https://app.example/"',
        "https://app.example\\@evil.example/",
        "https://[",
        "https://app.example:port/",
        "//app.example/cb",
        "/cb",
        "app:/cb",
        "",
    ],
)
@pytest.mark.spec(
    "RFC6749-3.1.2-1", "RFC6749-3.1.2.2-1", "RFC6749-10.15-1", "RFC9700-2.6-4", "FAPI2-SP-FINAL-5.3.2.2-8"
)
def test_a_redirect_uri_that_would_send_a_code_astray_cannot_be_registered(redirect_uri: str) -> None:
    with pytest.raises(InvalidRedirectUri):
        prepare_registration({**GOOD, "redirect_uris": [redirect_uri]}, default_profile="fapi2")


@pytest.mark.parametrize("redirect_uri", ["com.example.app:/cb", "https://app.example/cb?a=b"])
@pytest.mark.spec("RFC8252-7.1", "RFC6749-3.1.2-1")
def test_a_redirect_uri_of_a_native_app_or_with_a_query_can_be_registered(redirect_uri: str) -> None:
    stored: Mapping[str, object] = prepare_registration(
        {**GOOD, "redirect_uris": [redirect_uri]}, default_profile="fapi2"
    ).metadata
    assert stored["redirect_uris"] == [redirect_uri]


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-5", "RFC7636-4.4.1-1", "RFC9700-2.1.1-1", "RFC9700-4.7.1-1")
def test_a_confidential_client_gets_no_code_without_pkce(client: RelyingParty) -> None:
    reply = client.push(code_challenge=None, code_challenge_method=None)
    assert refusal(reply) == (400, "invalid_request")


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC6749-2.3-1")
def test_an_assertion_of_one_client_beside_the_secret_of_another_is_refused(
    client: RelyingParty, shared: Deployment, path: str
) -> None:
    other = register(shared, "other", profile="oidc", token_endpoint_auth_method="client_secret_basic")
    headers = {"Authorization": basic(other.client_id, other.secret or "")}
    form = {**honest_form(client, path), **client.credentials()}
    assert refusal(client.send(path, form, headers=headers)) == NOT_AUTHENTICATED


@pytest.mark.spec("RFC6749-2.3.1-2", "RFC6749-3.2-1")
def test_a_grant_type_in_the_query_is_refused(client: RelyingParty) -> None:
    assert refusal(client.send("/token?grant_type=client_credentials", client.credentials()))[0] == 400


@pytest.mark.spec("RFC9207-2-1", "RFC9700-4.4.2-1")
def test_an_error_before_any_page_carries_the_issuer_too(client: RelyingParty) -> None:
    answer = answer_of(Person(client.deployment).open(client.authorization_url(prompt="none")).headers["Location"])
    assert (answer["error"], answer["iss"]) == ("login_required", ISSUER)


@pytest.mark.spec("RFC7009-2.1-4")
def test_an_unknown_hint_at_revocation_is_ignored(client: RelyingParty) -> None:
    assert client.revoke("x", token_type_hint="foo").status_code == 200
