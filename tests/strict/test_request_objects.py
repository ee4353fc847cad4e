"""Signed request objects: what is in them counts, what stands beside them does not, and nobody else can make one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import ISSUER, Deployment
from tests.support.jose import encode, forge, private_key, public_jwk
from tests.support.login_app import is_error_page, plain_url, refusal, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import REDIRECT_URI, Form, RelyingParty, Reply, answer_of, register

TYP = "oauth-authz-req+jwt"
HOUR = 3600


def claims(app: RelyingParty, **changes: object) -> dict[str, object]:
    """Return the claims of an honest request object; a claim given replaces one, and None leaves it out."""
    now = app.deployment.now
    times = {"iss": app.client_id, "aud": ISSUER, "nbf": now, "exp": now + 300}
    return {
        name: value
        for name, value in {**app.request(), "client_id": app.client_id, **times, **changes}.items()
        if value is not None
    }


def signed(app: RelyingParty, *, header: Form | None = None, **changes: object) -> str:
    """Return a request object, signed by an independent library."""
    full = {"alg": app.algorithm, "kid": app.key.thumbprint(), **(header or {})}
    return jwt.encode(full, claims(app, **changes), app.key, algorithms=[app.algorithm])


def push(app: RelyingParty, request: str, **beside: object) -> Reply:
    """Push a request object with the client's authentication and nothing else."""
    return app.authenticated("/par", {"request": request}, **beside)


def refused(app: RelyingParty, request: str) -> bool:
    """Return whether pushing this is refused as the suite of the OpenID Foundation demands."""
    return refusal(push(app, request)) == (400, "invalid_request_object")


@pytest.fixture
def strict_app(deployment: Deployment, app: RelyingParty) -> RelyingParty:  # noqa: ARG001  the bank must be there
    """An app that must sign."""
    return register(deployment, "strict", require_signed_request_object=True)


@pytest.fixture
def login_app(deployment: Deployment) -> RelyingParty:
    """A plain log-in app with a key."""
    key = private_key("ES256", "login-app")
    return register_login_app(
        deployment, jwks={"keys": [public_jwk(key, kid=key.thumbprint())]}, scope="openid email phone"
    )


@pytest.mark.spec("RFC9126-3", "RFC9101-4", "FAPI2-MS-FINAL-5.3.1-1")
def test_a_signed_request_leads_to_a_code(app: RelyingParty, alice: Person) -> None:
    reply = push(app, signed(app, header={"typ": TYP}))
    assert reply.status_code == 201
    location = alice.approve(f"/authorize?client_id={app.client_id}&request_uri={reply.json['request_uri']}")

    assert answer_of(location)["state"] == "state-123"
    assert app.redeem(code_of(location)).status_code == 200


@pytest.mark.parametrize("typ", [None, "JWT", "OAuth-Authz-REQ+jwt", "application/oauth-authz-req+jwt"])
@pytest.mark.spec("RFC9101-10.8", "RFC8725-3.11")
def test_the_type_may_be_missing_or_in_any_case(app: RelyingParty, typ: str | None) -> None:
    assert push(app, signed(app, header={} if typ is None else {"typ": typ})).status_code == 201


@pytest.mark.parametrize("typ", ["at+jwt", "dpop+jwt", "client-authentication+jwt", "logout+jwt", ""])
@pytest.mark.spec("RFC9101-10.8", "RFC8725-3.11")
def test_a_token_for_another_purpose_is_no_request(app: RelyingParty, typ: str) -> None:
    header = {"alg": app.algorithm, "kid": app.key.thumbprint(), "typ": typ}
    assert refused(app, forge(header, claims(app), app.key, app.algorithm))


@pytest.mark.parametrize("algorithm", ["PS256", "Ed25519"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1", "RFC9101-6.2")
def test_every_algorithm_of_the_profile_is_understood(deployment: Deployment, algorithm: str) -> None:
    other = register(deployment, "app", token_endpoint_auth_signing_alg=algorithm, request_object_signing_alg=algorithm)
    assert push(other, forge({"alg": algorithm}, claims(other), other.key, algorithm)).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"aud": None},
        {"aud": "https://other.example"},
        {"aud": ["https://other.example"]},
        {"aud": f"{ISSUER}/par"},
        {"aud": 7},
        {"iss": "somebody"},
        {"iss": 7},
        {"client_id": "somebody"},
        {"client_id": None},
        {"sub": "app"},
        {"exp": None},
        {"nbf": None},
        {"exp": "soon"},
        {"nbf": True},
        {"request": "eyJhbGciOiJub25lIn0.e30."},
        {"request_uri": "urn:ietf:params:oauth:request_uri:abc"},
        {"max_age": 1.5},
        {"state": True},
        {"scope": {"not": "this"}, "nonce": "\x00"},
        {"resource": [7]},
        {f"extra{number}": "x" for number in range(70)},
    ],
)
@pytest.mark.spec(
    "RFC9101-4",
    "RFC9101-5",
    "RFC9101-10.8",
    "FAPI2-MS-FINAL-5.3.1-2",
    "FAPI2-MS-FINAL-5.3.1-3",
    "FAPI2-MS-FINAL-5.3.1-4",
)
def test_a_claim_that_is_not_honest_is_refused(app: RelyingParty, change: dict[str, Any]) -> None:
    assert refused(app, signed(app, **change))


@pytest.mark.parametrize(
    ("begins", "ends", "accepted"),
    [
        (0, 300, True),
        (8, 300, True),
        (62, 300, False),
        (-HOUR + 5, 4, True),
        (-HOUR - 600, 60, False),
        (0, HOUR, True),
        (0, HOUR + 600, False),
        (-600, -1, False),
        (0, 0, False),
    ],
)
@pytest.mark.spec("FAPI2-MS-FINAL-5.3.1-3", "FAPI2-MS-FINAL-5.3.1-4", "FAPI2-SP-FINAL-5.3.2.1-13")
def test_it_is_of_this_hour(app: RelyingParty, begins: int, ends: int, accepted: bool) -> None:  # noqa: FBT001
    now = app.deployment.now
    reply = push(app, signed(app, nbf=now + begins, exp=now + ends))
    assert (reply.status_code == 201) is accepted
    assert accepted or refusal(reply) == (400, "invalid_request_object")


@pytest.mark.spec("FAPI2-MS-FINAL-5.3.1-2")
def test_the_audience_may_be_a_list_with_the_issuer_in_it(app: RelyingParty) -> None:
    assert push(app, signed(app, aud=[ISSUER, "https://other.example"])).status_code == 201


def _unsigned(app: RelyingParty) -> str:
    return f"{encode(json.dumps({'alg': 'none'}).encode())}.{encode(json.dumps(claims(app)).encode())}."


def _hmac(app: RelyingParty) -> str:
    key = OctKey.import_key(json.dumps(public_jwk(app.key)).encode())
    return jwt.encode({"alg": "HS256", "kid": app.key.thumbprint()}, claims(app), key, algorithms=["HS256"])


def _foreign(app: RelyingParty) -> str:
    return forge({"alg": "ES256", "kid": app.key.thumbprint()}, claims(app), private_key("ES256", "foreign"), "ES256")


def _own_key_in_header(app: RelyingParty) -> str:
    foreign = private_key("ES256", "foreign")
    return forge({"alg": "ES256", "jwk": public_jwk(foreign)}, claims(app), foreign, "ES256")


def _changed(app: RelyingParty) -> str:
    header, _, signature = signed(app).split(".")
    return f"{header}.{encode(json.dumps(claims(app, scope='openid payments')).encode())}.{signature}"


def _assertion(app: RelyingParty) -> str:
    return app.assertion()


@pytest.mark.parametrize(
    "make",
    [
        _unsigned,
        _hmac,
        _foreign,
        _own_key_in_header,
        _changed,
        _assertion,
        lambda _: "nonsense",
        lambda _: "a.b.c.d.e",
        lambda _: "x" * 40_000,
    ],
)
@pytest.mark.spec("RFC9101-6.2", "RFC9101-10.5", "RFC8725-3.1")
def test_what_this_client_did_not_sign_is_refused(app: RelyingParty, make: Callable[[RelyingParty], str]) -> None:
    assert refused(app, make(app))


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1")
def test_rs256_is_no_algorithm_of_the_profile(deployment: Deployment) -> None:
    app = register(deployment, "rsa", token_endpoint_auth_signing_alg="PS256")
    assert refused(app, forge({"alg": "RS256"}, claims(app), app.key, "RS256"))


@pytest.mark.spec("OIDCR-2")
def test_another_algorithm_than_the_registered_one_is_refused(deployment: Deployment) -> None:
    app = register(deployment, "one", request_object_signing_alg="PS256")
    assert refused(app, signed(app))


@pytest.mark.spec("RFC9101-6.3", "RFC9101-5", "RFC9126-3")
def test_what_stands_beside_it_counts_for_nothing(app: RelyingParty, alice: Person) -> None:
    token = signed(app, state=None, nonce=None)
    reply = push(
        app, token, state="outside", nonce="outside", scope="openid payments", redirect_uri="https://evil.example/"
    )
    assert reply.status_code == 201
    location = alice.approve(
        f"/authorize?client_id={app.client_id}&request_uri={reply.json['request_uri']}&state=outside"
    )

    assert location.startswith(REDIRECT_URI)
    assert "state" not in answer_of(location)
    assert app.redeem(code_of(location)).json["scope"] == "openid accounts"


@pytest.mark.parametrize("missing", ["redirect_uri", "code_challenge", "response_type"])
@pytest.mark.spec("RFC9101-6.3", "FAPI2-SP-FINAL-5.3.2.2-5", "FAPI2-SP-FINAL-5.3.2.2-6")
def test_what_is_missing_in_it_is_not_taken_from_beside_it(app: RelyingParty, missing: str) -> None:
    beside = {missing: app.request()[missing]}
    assert refusal(push(app, signed(app, **{missing: None}), **beside)) == (400, "invalid_request")


@pytest.mark.spec("RFC9101-5", "RFC9126-2.1-2")
def test_a_request_object_and_a_request_uri_are_never_sent_together(app: RelyingParty) -> None:
    assert refusal(push(app, signed(app), request_uri="https://app.example/r.jwt")) == (400, "invalid_request")


@pytest.mark.spec("RFC9101-10.5", "FAPI2-MS-FINAL-5.3.1-1")
def test_an_app_that_must_sign_cannot_leave_it(strict_app: RelyingParty) -> None:
    assert refusal(strict_app.push()) == (400, "invalid_request")
    assert push(strict_app, signed(strict_app)).status_code == 201


@pytest.mark.spec("RFC9101-5")
def test_another_clients_request_is_refused(app: RelyingParty, strict_app: RelyingParty) -> None:
    assert refused(app, signed(strict_app))


@pytest.mark.spec("RFC9101-4")
def test_objects_and_numbers_travel_as_json(app: RelyingParty) -> None:
    asked: dict[str, Any] = {"userinfo": {"email": {"essential": True}}}
    assert push(app, signed(app, claims=asked, max_age=0, resource=["https://bank.example/api"])).status_code in {
        201,
        400,
    }
    assert push(app, signed(app, claims=asked, max_age=0)).status_code == 201
    assert refusal(push(app, signed(app, claims="{"))) == (400, "invalid_request")


@pytest.mark.spec("RFC9101-5", "OIDCC-6.1")
def test_a_plain_app_sends_one_by_value(login_app: RelyingParty, alice: Person) -> None:
    token = signed(login_app, scope="openid email", nbf=None, exp=None, aud=None, state="inside")
    location = alice.approve(
        f"/authorize?client_id={login_app.client_id}&response_type=code&scope=openid&request={token}"
    )

    assert answer_of(location)["state"] == "inside"
    assert login_app.redeem(code_of(location)).status_code == 200


@pytest.mark.spec("RFC9101-6.3", "OIDCC-6.1")
def test_the_redirect_uri_inside_wins(login_app: RelyingParty, alice: Person) -> None:
    token = signed(login_app, scope="openid email")
    location = alice.approve(plain_url(login_app, request=token, redirect_uri="https://evil.example/", state="outside"))
    assert location.startswith(f"{REDIRECT_URI}?")
    assert answer_of(location)["state"] == "state-123"


@pytest.mark.spec("RFC9101-6.2", "OIDCC-3.1.2.6")
def test_a_plain_app_is_told_at_its_redirect_uri(login_app: RelyingParty, alice: Person) -> None:
    location = alice.open(plain_url(login_app, request=_foreign(login_app))).headers["Location"]
    assert (answer_of(location)["error"], answer_of(location)["state"]) == ("invalid_request_object", "state-123")


@pytest.mark.spec("OIDCC-6.1", "OIDCC-3.1.2.6")
def test_a_plain_app_is_told_that_what_nobody_signed_is_not_supported(login_app: RelyingParty, alice: Person) -> None:
    location = alice.open(plain_url(login_app, request=_unsigned(login_app))).headers["Location"]
    assert (answer_of(location)["error"], answer_of(location)["state"]) == ("request_not_supported", "state-123")


@pytest.mark.parametrize("redirect_uri", ["https://evil.example/", None])
@pytest.mark.spec("RFC9101-6.2", "FAPI2-SP-FINAL-5.3.2.1-7")
def test_without_a_redirect_uri_that_is_known_it_is_a_page(
    login_app: RelyingParty, alice: Person, redirect_uri: str | None
) -> None:
    shown = alice.open(plain_url(login_app, request=_foreign(login_app), redirect_uri=redirect_uri))
    assert is_error_page(shown, "invalid_request")


@pytest.mark.spec("RFC9101-6.3", "FAPI2-SP-FINAL-5.3.2.1-7")
def test_a_redirect_uri_inside_that_is_not_registered_is_a_page(login_app: RelyingParty, alice: Person) -> None:
    token = signed(login_app, redirect_uri="https://evil.example/")
    assert is_error_page(alice.open(plain_url(login_app, request=token)), "invalid_request")


@pytest.mark.parametrize(
    "change",
    [
        {"request_object_signing_alg": "none"},
        {"request_object_signing_alg": "HS256"},
        {"request_object_signing_alg": "RS256"},
        {"authorization_signed_response_alg": "none"},
        {"authorization_signed_response_alg": "RS256"},
        {"token_endpoint_auth_method": "tls_client_auth", "require_signed_request_object": True},
    ],
)
@pytest.mark.spec("OIDCR-2", "RFC9101-10.5", "JARM-3")
def test_a_registration_that_could_not_be_kept_is_refused(deployment: Deployment, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientMetadata):
        register(deployment, **change)


@pytest.mark.spec("OIDCD-3")
def test_discovery_says_so(app: RelyingParty) -> None:
    document = app.send("/.well-known/openid-configuration").json
    assert document["request_parameter_supported"] is True
    assert {"ES256", "PS256", "Ed25519"} <= set(document["request_object_signing_alg_values_supported"])
    assert "none" not in document["request_object_signing_alg_values_supported"]
