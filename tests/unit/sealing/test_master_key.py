"""Secrets at rest."""

import pytest

from authserver.keys.at_rest import make_key, open_signer
from authserver.sealing.envelope import SealBroken
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.values import replace

ENVELOPE = MasterKeyEnvelope(b"m" * 32)


def test_what_is_sealed_opens_in_its_place() -> None:
    sealed = ENVELOPE.seal(b"secret", "totp_credentials|alice")
    assert b"secret" not in sealed
    assert ENVELOPE.open(sealed, "totp_credentials|alice") == b"secret"
    assert sealed != ENVELOPE.seal(b"secret", "totp_credentials|alice")


@pytest.mark.parametrize("position", [0, 1, 13, -1])
@pytest.mark.spec("NIST-SP-800-38D-7.2")
def test_a_changed_octet_breaks_the_seal(position: int) -> None:
    sealed = bytearray(ENVELOPE.seal(b"secret", "place"))
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        ENVELOPE.open(bytes(sealed), "place")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12), b"\x02" + bytes(40)])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        ENVELOPE.open(sealed, "place")


def test_a_seal_holds_only_in_its_place_and_under_its_master_key() -> None:
    sealed = ENVELOPE.seal(b"secret", "totp_credentials|alice")
    with pytest.raises(SealBroken):
        ENVELOPE.open(sealed, "totp_credentials|mallory")
    with pytest.raises(SealBroken):
        MasterKeyEnvelope(b"n" * 32).open(sealed, "totp_credentials|alice")


def test_a_signing_key_moved_to_another_row_does_not_open() -> None:
    one, two = (make_key("ES256", ENVELOPE, "signing", 0, 0) for _ in range(2))
    swapped = replace(one, sealed_private_jwk=two.sealed_private_jwk)
    with pytest.raises(SealBroken):
        open_signer(swapped, ENVELOPE)
    with pytest.raises(SealBroken):
        open_signer(replace(one, algorithm="Ed25519"), ENVELOPE)


def test_each_purpose_has_its_key() -> None:
    derived = {
        ENVELOPE.derive("csrf"),
        ENVELOPE.derive("nonce"),
        MasterKeyEnvelope(b"n" * 32).derive("csrf"),
        b"m" * 32,
    }
    assert len(derived) == 4
    assert ENVELOPE.derive("csrf") == MasterKeyEnvelope(b"m" * 32).derive("csrf")
    assert {len(key) for key in derived} == {32}


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_master_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKeyEnvelope(bytes(length))
