"""What stands in the tokens: JWT access tokens of RFC 9068, and ID tokens."""

import base64
import hashlib
import json
from typing import Any

import pytest

from authserver.keys.jwks import parse_jwks
from authserver.keys.verifier import verify_jwt
from tests.support.deployment import BANK, ISSUER, Deployment
from tests.support.person import Person, code_of
from tests.support.refusals import challenge
from tests.support.relying_party import claims_of, register, register_bank

HALF_HASHES = {"ES256": "sha256", "PS256": "sha256", "RS256": "sha256", "Ed25519": "sha512"}
PERSONAL = {"name", "given_name", "family_name", "email", "phone_number", "address", "updated_at"}


@pytest.fixture(scope="module")
def tokens(shared: Deployment, signed_in: Person) -> dict[str, str]:
    """What an app got for Alice's accounts and profile."""
    client = register(shared)
    url = client.authorization_url(scope="openid email profile accounts")
    return dict(client.redeem(code_of(signed_in.approve(url))).json)


def header_of(token: str) -> dict[str, Any]:
    """Return the header of a JWT."""
    text = token.partition(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return header


def left_half(value: str, algorithm: str) -> str:
    """Compute at_hash without the server's code."""
    digest = hashlib.new(HALF_HASHES[algorithm], value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


@pytest.mark.spec("RFC9068-2.1-1", "RFC9068-2.1-2", "FAPI2-SP-FINAL-5.4.1-1.2", "FAPI2-SP-FINAL-5.4.1-1.1")
def test_an_access_token_is_signed_typed_and_names_its_key(shared: Deployment, tokens: dict[str, str]) -> None:
    header = header_of(tokens["access_token"])
    assert set(header) == {"alg", "kid", "typ"}
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    published = register(shared).send("/jwks").json
    verified = verify_jwt(
        tokens["access_token"], parse_jwks(published), algorithms=frozenset({"ES256"}), types=frozenset({"at+jwt"})
    )
    assert verified.claims["iss"] == ISSUER


@pytest.mark.spec("RFC9068-2.2-1", "RFC9068-2.2-2", "RFC9068-2.2.1-1", "RFC9068-2.2.3-1", "RFC9068-3-1")
def test_an_access_token_holds_every_claim_of_its_profile(shared: Deployment, tokens: dict[str, str]) -> None:
    access, identity = claims_of(tokens["access_token"]), claims_of(tokens["id_token"])
    assert set(access) == {
        *("iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp", "auth_time", "acr", "amr", "cnf"),
    }
    assert access["client_id"] == "app"
    assert access["aud"] == [BANK, ISSUER]
    assert access["scope"] == "openid email profile accounts"
    assert (access["iat"], access["exp"]) == (shared.now, shared.now + 300)
    for name in ("sub", "auth_time", "acr", "amr"):
        assert access[name] == identity[name]
    assert len(access["jti"]) == 43


@pytest.mark.spec("RFC9068-6-1", "RFC7662-5-1")
def test_no_token_tells_more_of_the_person_than_who_it_is(tokens: dict[str, str]) -> None:
    for name in ("access_token", "id_token"):
        assert not PERSONAL & set(claims_of(tokens[name]))


@pytest.mark.spec("RFC9068-5-2")
def test_an_id_token_is_no_access_token(shared: Deployment, tokens: dict[str, str]) -> None:
    assert header_of(tokens["id_token"])["typ"] == "JWT"
    assert challenge(register(shared).userinfo(tokens["id_token"])) == (401, "invalid_token")
    assert claims_of(tokens["id_token"])["aud"] == "app"


@pytest.mark.spec("RFC9068-5-2")
def test_an_access_token_is_no_id_token_hint(shared: Deployment, tokens: dict[str, str]) -> None:
    app = register(shared)
    assert app.push(id_token_hint=tokens["id_token"]).status_code == 201
    assert app.push(id_token_hint=tokens["access_token"]).json["error"] == "invalid_request"


@pytest.mark.spec("RFC9068-3-1", "RFC9700-2.3-1", "FAPI2-SP-FINAL-5.3.2.1-14")
def test_a_resource_named_in_the_request_is_the_only_audience(shared: Deployment, signed_in: Person) -> None:
    app = register(shared)
    tokens = app.redeem(code_of(signed_in.approve(app.authorization_url(resource=BANK)))).json
    assert claims_of(tokens["access_token"])["aud"] == BANK


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "Ed25519", "RS256"])
@pytest.mark.spec("OIDCC-3.1.3.6", "FAPI2-SP-FINAL-5.4.1-1.2")
def test_at_hash_is_right_under_every_algorithm(shared: Deployment, signed_in: Person, algorithm: str) -> None:
    profile = "oidc" if algorithm == "RS256" else "fapi2"
    app = register(shared, f"wants-{algorithm}", profile=profile, id_token_signed_response_alg=algorithm)
    first = app.redeem(code_of(signed_in.approve(app.authorization_url()))).json
    for answer in (first, app.refresh(first["refresh_token"]).json):
        assert header_of(answer["id_token"])["alg"] == algorithm
        assert claims_of(answer["id_token"])["at_hash"] == left_half(answer["access_token"], algorithm)


@pytest.mark.spec("OIDCC-2", "OIDCC-3.1.3.7")
def test_an_id_token_holds_what_the_conformance_suite_checks(shared: Deployment, tokens: dict[str, str]) -> None:
    claims = claims_of(tokens["id_token"])
    assert header_of(tokens["id_token"])["kid"]
    assert set(claims) == {
        *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"),
    }
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, "app", "nonce-456")
    assert claims["iat"] == shared.now < claims["exp"]
    assert type(claims["auth_time"]) is int
    assert claims["auth_time"] <= shared.now


@pytest.mark.parametrize("nonce", [None, "n" * 43, "n" * 64, "n" * 384])
@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-14", "OIDCC-2")
def test_the_nonce_comes_back_exactly_or_not_at_all(shared: Deployment, signed_in: Person, nonce: str | None) -> None:
    app = register(shared)
    answer = app.redeem(code_of(signed_in.approve(app.authorization_url(nonce=nonce)))).json
    assert claims_of(answer["id_token"]).get("nonce") == nonce


@pytest.mark.spec("OIDCC-3.1.3.3")
def test_without_openid_there_is_no_id_token(shared: Deployment, signed_in: Person) -> None:
    app = register(shared)
    answer = app.redeem(code_of(signed_in.approve(app.authorization_url(scope="accounts")))).json
    assert "id_token" not in answer
    assert claims_of(answer["access_token"])["aud"] == BANK


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1.2", "FAPI2-SP-FINAL-5.4.1-1.3", "RFC9068-2.1-1")
def test_no_weaker_algorithm_can_be_registered_for_id_tokens(shared: Deployment, algorithm: str) -> None:
    with pytest.raises(Exception, match="permits"):
        register(shared, "weak", id_token_signed_response_alg=algorithm)


@pytest.mark.spec("RFC7662-4-2", "RFC6749-10.3-1")
def test_no_token_is_written_to_the_log(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    register_bank(deployment)
    app = register(deployment)
    answer = app.redeem(code_of(Person(deployment).approve(app.authorization_url()))).json
    app.refresh(answer["refresh_token"])
    app.introspect(answer["access_token"])
    app.revoke(answer["refresh_token"])
    written = "".join(capsys.readouterr()) + repr(deployment.events)
    assert "/token" in written
    for name in ("access_token", "refresh_token", "id_token"):
        assert answer[name] not in written
