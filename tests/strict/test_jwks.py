"""The published keys as a conformance tester reads them."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest

from tests.support.deployment import Deployment
from tests.support.login_app import log_in, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, register

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}
ALGORITHMS = {"ES256", "PS256", "Ed25519", "RS256"}


@pytest.fixture
def keys(deployment: Deployment) -> list[dict[str, Any]]:
    """The members of the published set."""
    response = RelyingParty(deployment, "anyone").send("/jwks")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    members: list[dict[str, Any]] = response.json["keys"]
    return members


def _header(token: str) -> dict[str, str]:
    part = token.split(".", maxsplit=1)[0]
    header: dict[str, str] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return header


def _octets(text: str) -> bytes:
    assert "=" not in text
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.spec("RFC7517-4.5", "FAPI2-SP-FINAL-5.4.2-3", "OIDCC-10.1")
def test_every_key_has_a_kid_of_its_own(keys: list[dict[str, Any]]) -> None:
    kids = [key["kid"] for key in keys]
    assert all(kid.strip() for kid in kids)
    assert len(set(kids)) == len(kids) >= len(ALGORITHMS)


@pytest.mark.spec("RFC7517-9.2")
def test_no_key_shows_a_private_or_symmetric_part(keys: list[dict[str, Any]]) -> None:
    assert not any(PRIVATE & set(key) or key["kty"] == "oct" for key in keys)


@pytest.mark.spec("RFC7517-4.2", "RFC7517-4.4")
def test_every_key_says_its_one_algorithm_and_that_it_signs(keys: list[dict[str, Any]]) -> None:
    assert {key["alg"] for key in keys} == ALGORITHMS
    assert {key["use"] for key in keys} == {"sig"}


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-2", "RFC7518-6.3.1")
def test_rsa_keys_have_2048_bits_or_more_and_serve_one_algorithm_each(keys: list[dict[str, Any]]) -> None:
    rsa = [key for key in keys if key["kty"] == "RSA"]

    assert len(rsa) == len({key["n"] for key in rsa}) == 2
    assert all(int.from_bytes(_octets(key["n"])).bit_length() >= 2048 for key in rsa)


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-3", "RFC7518-6.2.1")
def test_curves_are_known_and_coordinates_whole(keys: list[dict[str, Any]]) -> None:
    curves = {key["crv"]: key for key in keys if "crv" in key}

    assert set(curves) == {"P-256", "Ed25519"}
    assert {len(_octets(curves["P-256"][name])) for name in ("x", "y")} == {32}
    assert len(_octets(curves["Ed25519"]["x"])) == 32


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "Ed25519"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1.2", "OIDCC-10.1", "RFC7515-4.1.4")
def test_an_id_token_names_the_published_key_that_signed_it(
    deployment: Deployment, alice: Person, keys: list[dict[str, Any]], algorithm: str
) -> None:
    app = register(deployment, id_token_signed_response_alg=algorithm)

    tokens = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid")))).json

    header = _header(tokens["id_token"])
    assert header["alg"] == algorithm
    assert [key["alg"] for key in keys if key["kid"] == header["kid"]] == [algorithm]


@pytest.mark.spec("OIDCC-15.1", "OIDCC-10.1")
def test_a_plain_app_may_have_its_id_token_signed_by_rs256(
    deployment: Deployment, alice: Person, keys: list[dict[str, Any]]
) -> None:
    app = register_login_app(deployment)
    assert log_in(app, alice)["aud"] == "login-app"

    tokens = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid email", client_id=app.client_id))))

    header = _header(tokens.json["id_token"])
    assert header["alg"] == "RS256"
    assert [key["alg"] for key in keys if key["kid"] == header["kid"]] == ["RS256"]
