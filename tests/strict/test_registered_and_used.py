"""What a registration is taken for is judged as its use judges it: nothing is registered that can never be used."""

import pytest

from authserver.clients.registration import prepare_registration
from authserver.clients.registry import is_client_id
from authserver.clients.store import find_client, replace_metadata
from authserver.keys.jwks import parse_jwks
from authserver.keys.model import BadJwt
from authserver.keys.verifier import MAX_CANDIDATES, verify_jwt
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import Deployment
from tests.support.jose import forge, private_key, public_jwk
from tests.support.relying_party import register

ES256 = frozenset({"ES256"})


def refused_member(**members: object) -> str:
    """Return which member a registration is refused for, or nothing where it is taken."""
    app = {
        "client_id": "app",
        "redirect_uris": ["https://app.example/callback"],
        "jwks": {"keys": [public_jwk(private_key("ES256"), kid="one")]},
        **members,
    }
    try:
        prepare_registration({name: value for name, value in app.items() if value is not None}, default_profile="fapi2")
    except InvalidClientMetadata as error:
        return error.member
    return ""


@pytest.mark.spec("RFC8705-2.1.2")
@pytest.mark.parametrize(
    ("member", "never_shown", "shown"),
    [
        ("tls_client_auth_san_ip", "client.example", "192.0.2.7"),
        ("tls_client_auth_san_ip", "192.0.2.0/24", "2001:db8::7"),
        ("tls_client_auth_san_email", "client", "client@example.com"),
        ("tls_client_auth_san_email", "jürg@example.com", "jurg@example.com"),
        ("tls_client_auth_san_dns", "", "client.example"),
        ("tls_client_auth_san_dns", "bücher.example", "xn--bcher-kva.example"),
        ("tls_client_auth_san_uri", "", "urn:client:7"),
        ("tls_client_auth_san_uri", "https://bücher.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_a_name_that_no_certificate_can_show_is_refused(member: str, never_shown: str, shown: str) -> None:
    method = {"token_endpoint_auth_method": "tls_client_auth", "jwks": None}
    assert refused_member(**method, **{member: never_shown}) == member
    assert refused_member(**method, **{member: shown}) == ""


@pytest.mark.spec("RFC7591-2")
@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///jwks",
        "https://user@app.example/jwks",
        "https://app.example/jwks#keys",
        "https://app.example/key set",
        "https://bücher.example/jwks",
        "https://app.example:port/jwks",
    ],
)
def test_a_jwks_uri_that_is_never_fetched_is_refused(url: str) -> None:
    assert refused_member(jwks=None, jwks_uri=url)
    assert refused_member(jwks=None, jwks_uri="https://app.example/jwks?version=2") == ""


@pytest.mark.spec("RFC7591-2", "FAPI2-SP-FINAL-5.4.1-1")
def test_keys_that_verify_no_assertion_are_refused() -> None:
    rsa, curve, edwards = private_key("PS256"), private_key("ES256"), private_key("Ed25519")
    assert refused_member(jwks={"keys": [public_jwk(rsa, alg="RS256")]}) == "jwks"
    assert refused_member(jwks={"keys": [public_jwk(curve)]}, token_endpoint_auth_signing_alg="PS256") == "jwks"
    for key in (rsa, curve, edwards):
        assert refused_member(jwks={"keys": [public_jwk(key)]}) == ""
    assert refused_member(jwks={"keys": [public_jwk(edwards, alg="EdDSA")]}) == ""


@pytest.mark.spec("RFC7591-2", "FAPI2-SP-FINAL-5.4.3-1")
def test_two_keys_that_a_kid_does_not_tell_apart_are_refused() -> None:
    first, second = private_key("ES256"), private_key("ES256", "second")
    same = [public_jwk(first, kid="one"), public_jwk(second, kid="one", alg="ES256")]
    with pytest.raises(BadJwt, match="several keys of that kid"):
        verify_jwt(
            forge({"alg": "ES256", "kid": "one"}, {}, first, "ES256"),
            parse_jwks({"keys": same}),
            algorithms=ES256,
            types=None,
        )
    assert refused_member(jwks={"keys": same}) == "jwks"
    assert refused_member(jwks={"keys": [same[0], public_jwk(private_key("PS256"), kid="one")]}) == ""
    assert refused_member(jwks={"keys": [same[0], public_jwk(second, kid="one", use="enc")]}) == ""


@pytest.mark.spec("RFC7591-2")
def test_no_more_keys_without_a_name_are_registered_than_are_tried() -> None:
    keys = [private_key("ES256", f"key {number}") for number in range(MAX_CANDIDATES + 1)]
    nameless = [public_jwk(key) for key in keys]
    assert refused_member(jwks={"keys": nameless}) == "jwks"
    assert refused_member(jwks={"keys": nameless[:-1]}) == ""
    assert refused_member(jwks={"keys": [{**jwk, "kid": f"{place}"} for place, jwk in enumerate(nameless)]}) == ""


def test_of_keys_published_elsewhere_the_operator_is_told_that_not_all_were_tried() -> None:
    keys = [private_key("ES256", f"key {number}") for number in range(MAX_CANDIDATES + 1)]
    published = parse_jwks({"keys": [public_jwk(key) for key in keys]})
    token = forge({"alg": "ES256"}, {}, keys[-1], "ES256")
    with pytest.raises(BadJwt, match="signer has too many"):
        verify_jwt(token, published, algorithms=ES256, types=None)


@pytest.mark.spec("OIDCR-2")
def test_no_greater_age_is_registered_than_may_be_asked_for() -> None:
    assert refused_member(default_max_age=10**9) == "default_max_age"
    assert refused_member(default_max_age=10**30) == "default_max_age"
    assert refused_member(default_max_age=10**9 - 1) == ""


@pytest.mark.spec("RFC6749-10.14-1")
@pytest.mark.parametrize("client_id", ["an app", " ", "", "a" * 256, "app\n", "äpp", "app", "~!", "a" * 255])
def test_a_client_id_is_looked_up_where_it_can_be_registered_and_only_there(client_id: str) -> None:
    assert is_client_id(client_id) is (refused_member(client_id=client_id) == "")


def test_what_was_registered_before_stays_a_client(deployment: Deployment) -> None:
    app = register(deployment)
    with deployment.database.transaction() as connection:
        record = find_client(connection, app.client_id)
        assert record is not None
        replace_metadata(connection, app.client_id, {**record.metadata, "default_max_age": 10**12})
    deployment.app.extensions["authserver"].registry.forget(app.client_id)
    assert app.push().status_code == 201
