"""What the bench accepts as a right answer."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from bench.generator import BenchFailed
from bench.messages import BANK, ISSUER, SIGNED_VAULT_ID, BenchClient, new_client, sign_jwt, verify_jwt
from bench.verify import (
    Facts,
    verify_description,
    verify_discovery,
    verify_identity,
    verify_keys,
    verify_signed_description,
    verify_token_answer,
)
from tests.support.authority import NOW, create_authority

KEY = ECKey.generate_key("P-256", {"kid": "k"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "k"})


@pytest.fixture(scope="module")
def client() -> BenchClient:
    """A client with a certificate."""
    return new_client("app", create_authority("Bench", NOW), NOW, signs=False)


def facts(client: BenchClient) -> Facts:
    return Facts(KeySet([KEY]), client, NOW)


def claims(client: BenchClient, **changes: object) -> dict[str, Any]:
    honest: dict[str, object] = {"iss": ISSUER, "aud": BANK, "client_id": "app", "jti": "1", "exp": NOW + 300}
    return {**honest, "cnf": {"x5t#S256": client.thumbprint}, **changes}


def answer(claims: dict[str, Any], key: ECKey = KEY) -> bytes:
    header = {"alg": "ES256", "kid": "k", "typ": "at+jwt"}
    return json.dumps({"access_token": jwt.encode(header, claims, key), "token_type": "Bearer"}).encode()


def test_a_bound_token_of_the_server_is_right(client: BenchClient) -> None:
    assert verify_token_answer(answer(claims(client)), facts(client)) == "1"


def test_a_token_signed_by_another_key_is_wrong(client: BenchClient) -> None:
    with pytest.raises(BenchFailed, match="signature"):
        verify_token_answer(answer(claims(client), OTHER_KEY), facts(client))


@pytest.mark.parametrize(
    "change", [{"cnf": {"x5t#S256": "another"}}, {"client_id": "other"}, {"exp": NOW}, {"iss": "https://x.example"}]
)
def test_a_token_that_says_something_else_is_wrong(client: BenchClient, change: dict[str, object]) -> None:
    with pytest.raises(BenchFailed, match="wrong"):
        verify_token_answer(answer(claims(client, **change)), facts(client))


@pytest.mark.parametrize("change", [{"active": False}, {"cnf": {"x5t#S256": "another"}}])
def test_a_description_of_another_token_is_wrong(client: BenchClient, change: dict[str, object]) -> None:
    honest = claims(client, active=True)
    verify_description(json.dumps(honest).encode(), facts(client))
    with pytest.raises(BenchFailed, match="wrong"):
        verify_description(json.dumps({**honest, **change}).encode(), facts(client))


def signed_description(client: BenchClient, change: Mapping[str, object], key: ECKey = KEY) -> bytes:
    honest: dict[str, Any] = {
        "iss": ISSUER,
        "aud": SIGNED_VAULT_ID,
        "iat": NOW,
        "token_introspection": claims(client, active=True),
    }
    header = {"alg": "ES256", "kid": "k", "typ": "token-introspection+jwt"}
    return jwt.encode(header, {**honest, **change}, key).encode()


def test_a_signed_description_is_verified_by_the_published_keys(client: BenchClient) -> None:
    verify_signed_description(signed_description(client, {}), facts(client))
    with pytest.raises(BenchFailed, match="signature"):
        verify_signed_description(signed_description(client, {}, OTHER_KEY), facts(client))


@pytest.mark.parametrize(
    "change",
    [{"iss": BANK}, {"aud": "app"}, {"iat": NOW - 600}, {"sub": "app"}, {"token_introspection": {"active": False}}],
)
def test_a_signed_description_that_says_something_else_is_wrong(client: BenchClient, change: dict[str, object]) -> None:
    with pytest.raises(BenchFailed, match="wrong"):
        verify_signed_description(signed_description(client, change), facts(client))


def test_published_keys_must_not_be_private(client: BenchClient) -> None:
    public, private = ({"keys": [KEY.as_dict(private=private)]} for private in (False, True))
    verify_keys(json.dumps(public).encode(), facts(client))
    with pytest.raises(BenchFailed, match="private"):
        verify_keys(json.dumps(private).encode(), facts(client))


def test_other_answers_must_say_something(client: BenchClient) -> None:
    with pytest.raises(BenchFailed, match="sub"):
        verify_identity(b'{"sub":""}', facts(client))
    with pytest.raises(BenchFailed, match="issuer"):
        verify_discovery(b'{"issuer":"https://x.example","jwks_uri":"https://x.example/jwks"}', facts(client))
    with pytest.raises(BenchFailed, match="not JSON"):
        verify_identity(b"<html>", facts(client))


def test_what_the_bench_signs_by_hand_is_what_the_library_signs() -> None:
    private, public = KEY.private_key, KEY.public_key
    assert private is not None
    told = {"iss": "app", "jti": "1"}
    by_hand = sign_jwt("eyJhbGciOiJFUzI1NiJ9", told, private)
    assert jwt.decode(by_hand, KEY, algorithms=["ES256"]).claims == told
    assert verify_jwt(jwt.encode({"alg": "ES256"}, told, KEY), public) == told
    with pytest.raises(InvalidSignature):
        verify_jwt(by_hand, OTHER_KEY.public_key)
