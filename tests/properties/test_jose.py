"""Whatever arrives as a token, a header or a key: it is believed, or refused in the one expected way."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authserver.keys.compact import read_json
from authserver.keys.jwks import check_public_jwks, parse_jwks, thumbprint
from authserver.keys.model import ALGORITHMS, BadJwt
from authserver.keys.verifier import read_unverified, verify_dpop_jwt, verify_jwt
from tests.support.jose import encode, forge, private_key, public_jwk

KEY = private_key("ES256")
KEYS = parse_jwks(
    {"keys": [public_jwk(KEY, kid="k"), public_jwk(private_key("Ed25519")), public_jwk(private_key("PS256"))]}
)
NAMES = ["alg", "typ", "kid", "crit", "b64", "jwk", "x5c", "kty", "crv", "x", "y", "n", "e", "d", "use", "key_ops"]
WORDS = [*ALGORITHMS, "none", "HS256", "dpop+jwt", "k", "EC", "OKP", "RSA", "oct", "P-256", "Ed25519", "AQAB", "", "\0"]

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=8)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(NAMES), values, max_size=6)
mangled_jwks = st.builds(
    lambda jwk, changes: {**jwk, **changes},
    st.sampled_from([public_jwk(private_key(name)) for name in ("ES256", "Ed25519", "PS256", "ES384")]),
    objects,
)
tokens = (
    st.text(max_size=60)
    | st.text(alphabet="eyJhIjo.-_=A", max_size=60)
    | st.lists(st.binary(max_size=40).map(encode), min_size=1, max_size=5).map(".".join)
    | st.builds(
        lambda header, claims: forge(header, claims, KEY, "ES256"), objects | st.binary(), objects | st.binary()
    )
)


def verify_all(token: str) -> int:
    """Put a token through every reader, and count those that believed it."""
    believed = 0
    for read in (
        lambda: read_unverified(token),
        lambda: verify_jwt(token, KEYS, algorithms=ALGORITHMS, types=None),
        lambda: verify_jwt(token, KEYS, algorithms=ALGORITHMS, types=frozenset({"", "jwt"})),
        lambda: verify_dpop_jwt(token, algorithms=ALGORITHMS),
    ):
        try:
            read()
            believed += 1
        except BadJwt:
            pass
    return believed


@given(tokens)
@example("..")
@example("\ud800.a.b")
def test_a_token_is_believed_or_refused_and_nothing_else_happens(token: str) -> None:
    verify_all(token)


@given(objects, objects)
def test_a_signed_token_with_any_header_is_believed_or_refused(header: dict[str, Any], claims: dict[str, Any]) -> None:
    named = {**header, "alg": "ES256", "kid": "k"}
    believed = verify_all(forge(named, claims, KEY, "ES256"))
    if "crit" in header or "b64" in header:
        assert believed <= 1, "no verifier believes a token that asks for an extension"


@given(mangled_jwks | objects | values)
def test_a_proof_with_any_key_is_believed_or_refused(jwk: object) -> None:
    verify_all(forge({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk}, {}, KEY, "ES256"))


@given(st.lists(mangled_jwks | values, max_size=4) | values)
def test_any_jwks_is_read_or_refused(members: object) -> None:
    for read in (parse_jwks, check_public_jwks):
        with suppress(ValueError):
            read({"keys": members})


@given(objects | mangled_jwks)
def test_any_jwk_has_a_thumbprint_or_none(jwk: dict[str, object]) -> None:
    with suppress(ValueError):
        assert len(thumbprint(jwk)) == 43


@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
def test_what_strict_json_accepts_every_reader_reads_alike(data: bytes) -> None:
    try:
        value = read_json(data)
    except ValueError:
        return
    assert value == json.loads(data)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@given(objects, st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_octet_is_always_noticed(claims: dict[str, Any], position: int, change: int) -> None:
    token = forge({"alg": "ES256", "kid": "k"}, {"sub": "a"} | {"x": str(claims)}, KEY, "ES256").encode()
    place = position % len(token)
    changed = token[:place] + bytes([token[place] ^ change]) + token[place + 1 :]
    with pytest.raises(BadJwt):
        verify_jwt(changed.decode("latin-1"), KEYS, algorithms=ALGORITHMS, types=None)
