"""What of JOSE is written by hand does what joserfc does, on every input."""

import binascii
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from authserver.keys import base64url, es256

_KEY = ECKey.import_key(ec.derive_private_key(0xC0FFEE, ec.SECP256R1()))
_OTHER = ECKey.import_key(ec.derive_private_key(0xBEEF, ec.SECP256R1()))
_JOSERFC = JWSRegistry.algorithms["ES256"]
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(message=st.binary())
def test_each_verifies_what_the_other_signs(message: bytes) -> None:
    ours, theirs = es256.sign(message, _KEY), _JOSERFC.sign(message, _KEY)
    for signature in (ours, theirs):
        assert len(signature) == 64
        assert es256.verify(message, signature, _KEY)
        assert _JOSERFC.verify(message, signature, _KEY)
        assert not es256.verify(message, signature, _OTHER)


@given(
    message=st.binary(max_size=40),
    place=st.integers(0, 63),
    change=st.integers(1, 255),
    cut=st.integers(0, 70),
    more=st.binary(max_size=3),
)
def test_a_signature_touched_anywhere_is_judged_alike(
    message: bytes, place: int, change: int, cut: int, more: bytes
) -> None:
    good = bytearray(_JOSERFC.sign(message, _KEY))
    touched = bytes(good[:place]) + bytes([good[place] ^ change]) + bytes(good[place + 1 :])
    for signature in (touched, bytes(good[:cut]), bytes(good) + more):
        assert es256.verify(message, signature, _KEY) is _JOSERFC.verify(message, signature, _KEY)


_EDGES = st.sampled_from([0, 1, 127, 128, 255, 256, _ORDER - 1, _ORDER, _ORDER + 1, 2**255, 2**256 - 1])


@given(r=_EDGES | st.integers(0, 2**256 - 1), s=_EDGES | st.integers(0, 2**256 - 1))
def test_numbers_that_are_no_signature_are_refused_alike(r: int, s: int) -> None:
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert es256.verify(b"m", signature, _KEY) is _JOSERFC.verify(b"m", signature, _KEY) is False


def test_small_halves_keep_their_zeros() -> None:
    """Of 2,000 signatures some have a half that begins with a zero byte."""
    short = [signature for signature in (es256.sign(os.urandom(8), _KEY) for _ in range(2_000)) if 0 in signature[::32]]
    assert short
    assert all(len(signature) == 64 for signature in short)


@pytest.mark.parametrize(
    "key",
    [
        ECKey.import_key(ec.generate_private_key(ec.SECP384R1())),
        OKPKey.generate_key("Ed25519"),
        RSAKey.generate_key(2048),
    ],
    ids=["P-384", "Ed25519", "RSA"],
)
def test_a_key_of_another_kind_neither_signs_nor_verifies(key: Key) -> None:
    with pytest.raises(TypeError):
        es256.sign(b"m", key)
    with pytest.raises(TypeError):
        es256.verify(b"m", bytes(64), key)


@given(st.binary())
def test_encoding_is_joserfcs(data: bytes) -> None:
    text = base64url.encode(data)
    assert text == urlsafe_b64encode(data)
    assert base64url.decode(text) == data


@given(st.binary(max_size=24) | st.text(_BASE64URL + "+/=\n ", max_size=24).map(str.encode))
def test_decoding_takes_and_refuses_what_joserfcs_does(text: bytes) -> None:
    try:
        theirs = urlsafe_b64decode(text)
    except ValueError:
        with pytest.raises(binascii.Error):
            base64url.decode(text)
    else:
        assert base64url.decode(text) == theirs
