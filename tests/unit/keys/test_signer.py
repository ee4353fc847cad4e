"""This server's signatures, read back by our verifier and by joserfc itself."""

import json

import pytest
from joserfc import jwk, jwt
from joserfc.jws import JWSRegistry

from authserver.keys.at_rest import make_key, open_signer
from authserver.keys.jwks import thumbprint
from authserver.keys.ring import assemble_keys
from authserver.keys.rotation import generate_key
from authserver.keys.signer import SigningKeys, half_hash
from authserver.keys.verifier import verify_jwt
from authserver.sealing.master_key import MasterKeyEnvelope

ENVELOPE = MasterKeyEnvelope(bytes(32))
ALGORITHMS = ("ES256", "Ed25519", "PS256")
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k"}


@pytest.fixture(scope="module")
def keys() -> SigningKeys:
    return assemble_keys([make_key(name, ENVELOPE, "signing", 0, 0) for name in ALGORITHMS], ENVELOPE)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.spec("RFC7515-5.1", "RFC8725-3.11")
def test_a_signed_token_is_verified_by_us_and_by_another_library(keys: SigningKeys, algorithm: str) -> None:
    signer = keys.signer_for(algorithm)
    token = signer.sign({"sub": "ä", "iat": 1}, typ="at+jwt")
    ours = verify_jwt(token, keys.verification, algorithms=frozenset({algorithm}), types=frozenset({"at+jwt"}))
    published = jwk.KeySet.import_key_set(json.loads(keys.document.body))
    theirs = jwt.decode(token, published, registry=JWSRegistry(algorithms=[algorithm]))
    assert ours.claims == theirs.claims == {"sub": "ä", "iat": 1}
    assert ours.header == {"alg": algorithm, "kid": signer.kid, "typ": "at+jwt"}


@pytest.mark.spec("RFC7638-1", "RFC7517-4.5")
def test_published_keys_are_public_and_named_by_thumbprint(keys: SigningKeys) -> None:
    published = json.loads(keys.document.body)["keys"]
    assert {(key["alg"], key["use"]) for key in published} == {(name, "sig") for name in ALGORITHMS}
    assert len({key["kid"] for key in published}) == len(ALGORITHMS)
    assert all(key["kid"] == thumbprint(key) for key in published)
    assert not any(PRIVATE_MEMBERS & key.keys() for key in (*published, *keys.public_jwks))


def test_es256_signs_by_default(keys: SigningKeys) -> None:
    assert keys.default_algorithm == "ES256"
    assert keys.algorithms() == set(ALGORITHMS)


def test_no_key_signs_under_an_algorithm_we_were_not_given(keys: SigningKeys) -> None:
    with pytest.raises(LookupError, match="RS256"):
        keys.signer_for("RS256")


def test_a_key_does_not_show_itself(keys: SigningKeys) -> None:
    row = make_key("ES256", ENVELOPE, "signing", 0, 0)
    assert "key=" not in repr(open_signer(row, ENVELOPE))
    assert "sealed" not in repr(row)
    assert "_master" not in repr(ENVELOPE)
    assert "key=" not in repr(keys.signers)


@pytest.mark.parametrize(
    ("algorithm", "kind", "size"), [("PS256", "RSA", 3072), ("RS256", "RSA", 3072), ("ES256", "EC", 256)]
)
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-2")
def test_keys_are_made_long_enough(algorithm: str, kind: str, size: int) -> None:
    made = generate_key(algorithm)
    imported = jwk.import_key(made)  # type: ignore[arg-type]  # our JWK type is wider than theirs
    assert (made["kty"], made["alg"], made["kid"]) == (kind, algorithm, thumbprint(made))
    assert imported.public_key.key_size == size  # type: ignore[union-attr]  # not a symmetric key


@pytest.mark.parametrize("algorithm", ["none", "HS256", "EdDSA", "ES384"])
def test_no_key_is_made_for_another_algorithm(algorithm: str) -> None:
    with pytest.raises(ValueError, match="no signing key"):
        generate_key(algorithm)


@pytest.mark.spec("OIDCC-3.1.3.6")
def test_half_hashes_are_those_of_the_specification() -> None:
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert {half_hash(token, name) for name in ("RS256", "PS256", "ES256")} == {"77QmUPtjPfzWtF2AnpK9RQ"}
    assert half_hash(token, "Ed25519") == half_hash(token, "EdDSA")
    assert len(half_hash(token, "Ed25519")) == 43


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES384", ""])
def test_a_half_hash_of_an_unknown_algorithm_fails_closed(algorithm: str) -> None:
    with pytest.raises(ValueError, match="no hash"):
        half_hash("token", algorithm)
