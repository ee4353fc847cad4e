"""`private_key_jwt`: what a client assertion must be, at every endpoint that takes one."""

import string
from secrets import choice
from typing import Any

import pytest

from authserver.clients.store import replace_metadata
from tests.support.deployment import ISSUER, MTLS_ORIGIN, Deployment
from tests.support.jose import encode, private_key, public_jwk
from tests.support.machine_calls import MACHINE_ENDPOINTS, call
from tests.support.refusals import refusal
from tests.support.relying_party import REDIRECT_URI, RelyingParty, register

REFUSED = (401, "invalid_client")
SKIPPED_KID = {"alg": "ES256"}


@pytest.fixture(scope="module")
def app(shared: Deployment) -> RelyingParty:
    """A client that signs with ES256."""
    return register(shared)


@pytest.fixture(scope="module")
def plain(shared: Deployment) -> RelyingParty:
    """A client of the plain OpenID Connect profile."""
    return register(shared, "plain", profile="oidc")


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-6", "RFC7523-2.2", "RFC9126-2-2", "RFC7009-2.1-1", "RFC7662-2.1-2")
def test_an_assertion_without_typ_and_without_client_id_authenticates(app: RelyingParty, path: str) -> None:
    jti = "".join(choice(string.ascii_letters + string.digits) for _ in range(20))
    reply = call(app, path, client_id=None, client_assertion=app.assertion(jti=jti))
    assert reply.status_code in {200, 201}, reply.text


@pytest.mark.parametrize("typ", ["JWT", "jwt", "client-authentication+jwt"])
@pytest.mark.spec("RFC7515-4.1.9")
def test_the_typ_of_an_assertion_may_be_written_in_any_usual_way(app: RelyingParty, typ: str) -> None:
    header = {"alg": "ES256", "kid": app.key.thumbprint(), "typ": typ}
    assert call(app, client_assertion=app.assertion(header=header)).status_code == 200


@pytest.mark.parametrize("algorithm", ["PS256", "ES256", "Ed25519", "EdDSA"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1.2")
def test_each_permitted_algorithm_authenticates(shared: Deployment, algorithm: str) -> None:
    client = register(shared, f"signs-{algorithm}", token_endpoint_auth_signing_alg=algorithm)
    assert call(client).status_code == 200


@pytest.mark.parametrize("registered", ["PS256", None])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1.2")
def test_an_assertion_signed_with_rs256_is_refused(shared: Deployment, registered: str | None) -> None:
    key = private_key("PS256", "rsa")
    changes = {} if registered is None else {"token_endpoint_auth_signing_alg": registered}
    client = register(shared, f"rsa-{registered}", jwks={"keys": [public_jwk(key)]}, **changes)
    client.key, client.algorithm = key, "RS256"
    assert refusal(call(client, client_assertion=client.assertion(header={"alg": "RS256"}))) == REFUSED
    client.algorithm = "PS256"
    assert call(client, client_assertion=client.assertion(header={"alg": "PS256"})).status_code == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "", ["ES256"], None])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1.3")
def test_an_assertion_without_a_real_signature_is_refused(app: RelyingParty, algorithm: object) -> None:
    header, claims, signature = app.assertion(header={"alg": algorithm, "kid": app.key.thumbprint()}).split(".")
    for end in (signature, ""):
        assert refusal(call(app, client_assertion=f"{header}.{claims}.{end}")) == REFUSED


@pytest.mark.parametrize(
    "audience",
    [
        [ISSUER, ISSUER + "/token"],
        [ISSUER],
        ISSUER + "/token",
        ISSUER + "/par",
        MTLS_ORIGIN + "/token",
        ISSUER + "/",
        ISSUER.upper(),
        "https://elsewhere.example",
        {ISSUER: True},
        7,
        None,
    ],
)
@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-8")
def test_an_audience_that_is_not_the_issuer_as_a_string_is_refused(
    app: RelyingParty, audience: object, path: str
) -> None:
    assert refusal(call(app, path, client_assertion=app.assertion(aud=audience))) == REFUSED


@pytest.mark.parametrize(
    "audience",
    [ISSUER, [ISSUER], [ISSUER + "/token", "https://elsewhere.example"], ISSUER + "/par", MTLS_ORIGIN + "/token"],
)
@pytest.mark.spec("RFC9126-2-3", "RFC7523-3-3")
def test_under_the_plain_profile_our_urls_and_arrays_will_do(plain: RelyingParty, audience: object) -> None:
    assert call(plain, client_assertion=plain.assertion(aud=audience)).status_code == 200
    assert refusal(call(plain, client_assertion=plain.assertion(aud="https://elsewhere.example"))) == REFUSED


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp", "jti"])
@pytest.mark.spec("RFC7523-3")
def test_an_assertion_without_one_of_its_claims_is_refused(app: RelyingParty, name: str) -> None:
    changes: dict[str, Any] = {name: None}
    assert refusal(call(app, client_assertion=app.assertion(**changes))) == REFUSED


@pytest.mark.parametrize("value", ["", "another", ["app"], 7, True, {}, "app\x00", "app "])
@pytest.mark.parametrize("name", ["iss", "sub"])
@pytest.mark.spec("RFC7523-3")
def test_an_assertion_by_or_about_someone_else_is_refused(app: RelyingParty, name: str, value: object) -> None:
    changes: dict[str, Any] = {name: value}
    assert refusal(call(app, client_assertion=app.assertion(**changes))) == REFUSED


@pytest.mark.parametrize("sub", ["app\x00", "\x00", "a" * 9000, "\U0001f512"])
@pytest.mark.spec("RFC6749-10.14-1")
def test_no_subject_upsets_a_database(either: Deployment, sub: str) -> None:
    client = register(either)
    assert refusal(call(client, client_assertion=client.assertion(iss=sub, sub=sub))) == REFUSED


@pytest.mark.parametrize("jti", ["", 7, ["x"], True, "j" * 257])
@pytest.mark.spec("RFC7523-3-7")
def test_a_jti_that_cannot_be_remembered_is_refused(app: RelyingParty, jti: object) -> None:
    assert refusal(call(app, client_assertion=app.assertion(jti=jti))) == REFUSED


@pytest.mark.parametrize("seconds", [-300, -1, 0, 601, 10**9])
@pytest.mark.spec("RFC7523-3-4")
def test_an_assertion_that_has_expired_or_lasts_too_long_is_refused(app: RelyingParty, seconds: int) -> None:
    assert refusal(call(app, client_assertion=app.assertion(exp=app.deployment.now + seconds))) == REFUSED


@pytest.mark.parametrize("value", ["60", True, [1], {}, 1e300])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.spec("RFC7519-2")
def test_a_time_that_is_no_sensible_number_is_refused(app: RelyingParty, name: str, value: object) -> None:
    changes: dict[str, Any] = {name: value}
    assert refusal(call(app, client_assertion=app.assertion(**changes))) == REFUSED


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.parametrize("seconds", [8, 10])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-13")
def test_an_assertion_from_up_to_ten_seconds_ahead_is_accepted(app: RelyingParty, path: str, seconds: int) -> None:
    moment = app.deployment.now + seconds
    reply = call(app, path, client_assertion=app.assertion(iat=moment, nbf=moment))
    assert reply.status_code in {200, 201}, reply.text


@pytest.mark.parametrize("ahead", [("iat", "nbf", "exp"), ("iat",), ("nbf",)])
@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-13")
def test_an_assertion_from_over_sixty_seconds_ahead_is_refused(
    app: RelyingParty, path: str, ahead: tuple[str, ...]
) -> None:
    now = app.deployment.now
    changes: dict[str, Any] = {name: now + 62 + (60 if name == "exp" else 0) for name in ahead}
    assert refusal(call(app, path, client_assertion=app.assertion(**changes))) == REFUSED


@pytest.mark.parametrize("second", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC7523-3-7")
def test_an_assertion_is_good_once_over_all_endpoints(app: RelyingParty, second: str) -> None:
    assertion = app.assertion()
    assert call(app, "/par", client_assertion=assertion).status_code == 201
    assert refusal(call(app, second, client_assertion=assertion)) == REFUSED


@pytest.mark.spec("RFC7523-3-7")
def test_an_assertion_is_remembered_as_long_as_it_would_be_good(deployment: Deployment) -> None:
    client = register(deployment)
    assertion = client.assertion(exp=deployment.now + 600)
    assert call(client, client_assertion=assertion).status_code == 200
    deployment.wait(599)
    assert refusal(call(client, client_assertion=assertion)) == REFUSED


@pytest.mark.spec("RFC7523-3-7")
def test_two_clients_may_use_the_same_jti(app: RelyingParty, plain: RelyingParty) -> None:
    for client in (app, plain):
        assert call(client, client_assertion=client.assertion(jti="the-same-for-both")).status_code == 200


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.parametrize(
    "left_out", [("client_assertion", "client_assertion_type"), ("client_assertion",), ("client_assertion_type",)]
)
@pytest.mark.spec("RFC6749-3.2.1-1", "RFC6749-10.2-1", "FAPI2-SP-FINAL-5.3.2.2-4", "RFC7662-2.3-1")
def test_a_request_without_an_assertion_is_refused(app: RelyingParty, path: str, left_out: tuple[str, ...]) -> None:
    for client_id in (None, "app"):
        changes = {"client_id": client_id, **dict.fromkeys(left_out)}
        assert refusal(call(app, path, **changes)) == REFUSED


@pytest.mark.spec("RFC7521-4.2")
def test_an_assertion_of_an_unknown_type_is_refused(app: RelyingParty) -> None:
    saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    assert refusal(call(app, client_assertion_type=saml)) == REFUSED


@pytest.mark.parametrize("path", MACHINE_ENDPOINTS)
@pytest.mark.spec("RFC7521-4.2", "FAPI2-SP-FINAL-5.3.2.1-6")
def test_the_client_id_of_another_beside_ones_own_assertion_is_refused(
    app: RelyingParty, plain: RelyingParty, path: str
) -> None:
    assert refusal(call(app, path, client_id=plain.client_id)) == REFUSED
    assert call(app, path, client_id=app.client_id).status_code in {200, 201}


@pytest.mark.spec("RFC7523-3-9")
def test_an_assertion_signed_with_another_key_is_refused(app: RelyingParty, plain: RelyingParty) -> None:
    forged = RelyingParty(app.deployment, app.client_id, key=plain.key).assertion(header=SKIPPED_KID)
    assert refusal(call(app, client_assertion=forged)) == REFUSED
    header, _, signature = app.assertion().split(".")
    altered = encode(b'{"sub":"app"}')
    assert refusal(call(app, client_assertion=f"{header}.{altered}.{signature}")) == REFUSED


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.2-2", "FAPI2-SP-FINAL-5.4.1-1.1")
def test_a_key_that_the_header_brings_or_points_to_is_not_used(app: RelyingParty, member: str) -> None:
    foreign = private_key("ES256", "foreign")
    values = {"jwk": public_jwk(foreign), "x5c": ["MIIB"]}
    header = {"alg": "ES256", member: values.get(member, "https://elsewhere.example/keys")}
    forged = RelyingParty(app.deployment, app.client_id, key=foreign).assertion(header=header)
    assert refusal(call(app, client_assertion=forged)) == REFUSED


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.3-1")
def test_of_two_keys_of_one_kid_the_one_that_fits_the_algorithm_is_taken(shared: Deployment) -> None:
    keys = {name: private_key(name, "twin") for name in ("ES256", "PS256")}
    jwks = {"keys": [public_jwk(key, kid="twin", alg=name, use="sig") for name, key in keys.items()]}
    client = register(shared, "twins", jwks=jwks)
    for name, key in keys.items():
        client.key, client.algorithm = key, name
        assertion = client.assertion(header={"alg": name, "kid": "twin"})
        assert call(client, client_assertion=assertion).status_code == 200


@pytest.mark.spec("RFC7517-5")
def test_a_key_taken_out_of_the_registration_stops_working(deployment: Deployment) -> None:
    client = register(deployment)
    assert call(client).status_code == 200
    renewed = private_key("ES256", "renewed")
    metadata = {"redirect_uris": [REDIRECT_URI], "scope": "accounts", "grant_types": ["client_credentials"]}
    with deployment.database.transaction() as connection:
        replace_metadata(connection, "app", {**metadata, "jwks": {"keys": [public_jwk(renewed)]}})
    deployment.wait(2)
    assert refusal(call(client, client_assertion=client.assertion(header=SKIPPED_KID))) == REFUSED
    client.key = renewed
    assert call(client, client_assertion=client.assertion(header=SKIPPED_KID)).status_code == 200
