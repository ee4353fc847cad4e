"""A signing key that was sealed opens into one that signs what its public half verifies."""

import json

import pytest
from joserfc import jwt
from joserfc.jwk import import_key

from authserver.keys.at_rest import make_key, open_signer
from authserver.sealing.envelope import SealBroken
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.values import replace

_ENVELOPE = MasterKeyEnvelope(b"k" * 32)


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "RS256", "Ed25519"])
@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-1")
def test_what_an_opened_key_signs_its_published_half_verifies(algorithm: str) -> None:
    stored = make_key(algorithm, _ENVELOPE, "signing", 10, 10)
    token = open_signer(stored, _ENVELOPE).sign({"sub": "alice"}, typ="JWT")
    found = jwt.decode(token, import_key(json.loads(stored.public_jwk)), algorithms=[algorithm])
    assert found.claims == {"sub": "alice"}


@pytest.mark.parametrize("algorithm", ["ES256", "PS256"])
def test_a_sealed_key_with_one_bit_turned_opens_nothing(algorithm: str) -> None:
    """That is why an RSA key's primes need no second search."""
    stored = make_key(algorithm, _ENVELOPE, "signing", 10, 10)
    sealed = bytearray(stored.sealed_private_jwk)
    sealed[len(sealed) // 2] ^= 1
    with pytest.raises(SealBroken):
        open_signer(replace(stored, sealed_private_jwk=bytes(sealed)), _ENVELOPE)
