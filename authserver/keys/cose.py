"""Public keys of authenticators, as COSE writes them: read in one spelling, of three kinds, and never a worthless one.

Spec: WEBAUTHN-6.5.1, RFC9052-7
"""

from functools import lru_cache
from typing import Any, Final, TypeAlias

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from authserver.keys.public_keys import check_no_prime, check_public_key
from authserver.values import Value

ES256: Final = -7
EDDSA: Final = -8
RS256: Final = -257
COSE_ALGORITHMS: Final = (ES256, EDDSA, RS256)
"""What an authenticator is asked to sign with, by the numbers of COSE, the best known first."""

_Key: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

_KTY, _ALG, _CRV, _X, _Y, _N, _E = 1, 3, -1, -2, -3, -1, -2
_COORDINATE_BYTES: Final = 32
_MAX_BYTES: Final = 600
"""Enough for RSA of 4,096 bits: authenticators have 2,048, and longer ones take long to judge."""


class CoseKey(Value, frozen=True):
    """A public key that is worth something, with the one algorithm it signs by."""

    algorithm: int
    key: _Key

    def has_signed(self, signature: bytes, data: bytes) -> bool:
        """Return whether this key made the signature over the data.

        Spec: WEBAUTHN-6.5.5
        """
        try:
            if isinstance(self.key, ec.EllipticCurvePublicKey):
                self.key.verify(signature, data, ec.ECDSA(SHA256()))
            elif isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, data, padding.PKCS1v15(), SHA256())
            else:
                self.key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=1024)
def load_cose_key(data: bytes) -> CoseKey:
    """Return the key in some bytes: P-256 for ES256, Ed25519 for EdDSA, RSA of 2,048 to 4,096 bits for RS256.

    Raises ValueError for any other, for a worthless one, and for a second spelling of a good one: whoever compares keys
    compares bytes.

    Spec: WEBAUTHN-6.5.1, RFC9053-2.1, RFC9053-2.2, RFC8812-2
    """
    if len(data) > _MAX_BYTES:
        raise ValueError("the key is too long")
    try:
        members = cbor2.loads(data)
    except Exception as error:  # a hostile text raises anything: of the library, RecursionError, MemoryError
        raise ValueError("the key is not CBOR") from error
    if not isinstance(members, dict) or not {type(each) for pair in members.items() for each in pair} <= {int, bytes}:
        raise ValueError("the key is no map of COSE")  # true and 1.0 would pass for 1 below
    found = _read(members)
    check_public_key(found.key)
    if isinstance(found.key, rsa.RSAPublicKey):
        check_no_prime(found.key.public_numbers().n)
    # What cbor2 forgives (another order, a longer number, a member twice) it does not write again.
    if cbor2.dumps(members, canonical=True) != data:
        raise ValueError("the key is not in canonical CBOR")
    return found


def _read(members: dict[int, Any]) -> CoseKey:
    match members.get(_KTY), members.get(_ALG), members.get(_CRV):
        case (2, -7, 1):  # EC2, ES256, P-256
            x, y = _octets(members, _X, _COORDINATE_BYTES), _octets(members, _Y, _COORDINATE_BYTES)
            _check_members(members, _KTY, _ALG, _CRV, _X, _Y)
            numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
            return CoseKey(ES256, numbers.public_key())
        case (1, -8, 6):  # OKP, EdDSA, Ed25519
            _check_members(members, _KTY, _ALG, _CRV, _X)
            return CoseKey(EDDSA, ed25519.Ed25519PublicKey.from_public_bytes(_octets(members, _X, _COORDINATE_BYTES)))
        case (3, -257, bytes()):  # RSA, RS256, the modulus
            _check_members(members, _KTY, _ALG, _N, _E)
            return CoseKey(RS256, rsa.RSAPublicNumbers(_number(members, _E), _number(members, _N)).public_key())
    raise ValueError("the key is of a kind that is not taken")


def _check_members(members: dict[int, Any], *names: int) -> None:
    """Refuse optional members, of which a passkey's key has none.

    Spec: WEBAUTHN-6.5.1
    """
    if members.keys() != set(names):
        raise ValueError("the key has members that it should not have, or lacks one")


def _octets(members: dict[int, Any], name: int, length: int) -> bytes:
    value = members.get(name)
    if not isinstance(value, bytes) or len(value) != length:
        raise ValueError("a part of the key is no octet string of its length")
    return value


def _number(members: dict[int, Any], name: int) -> int:
    """Return an unsigned number, which has one spelling: no leading zeros.

    Spec: RFC8230-4
    """
    value = members.get(name)
    if not isinstance(value, bytes) or not value or value[0] == 0:
        raise ValueError("a number of the key is no octet string without leading zeros")
    return int.from_bytes(value)
