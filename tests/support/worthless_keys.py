"""Public keys that are well-formed and worth nothing: harmless to write down, since each is only to be refused.

No signature under any of them is made here.
"""

from typing import Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.jose import encode

_FIELD: Final = 2**255 - 19

# "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020), table 1: every encoding of the eight points of small
# order, those that RFC 8032 calls not canonical included.
SMALL_ORDER_ED25519: Final[dict[str, bytes]] = {
    "order 1": bytes.fromhex("0100000000000000000000000000000000000000000000000000000000000000"),
    "order 2": bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    "order 4": bytes.fromhex("0000000000000000000000000000000000000000000000000000000000000080"),
    "order 4, mirrored": bytes.fromhex("0000000000000000000000000000000000000000000000000000000000000000"),
    "order 8": bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    "order 8, mirrored": bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    "order 8, other": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "order 8, other, mirrored": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    "order 1 with a sign": bytes.fromhex("0100000000000000000000000000000000000000000000000000000000000080"),
    "order 2 with a sign": bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    "order 1, not reduced": bytes.fromhex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    "order 1, not reduced, with a sign": (_FIELD + 1 + 2**255).to_bytes(32, "little"),
    "order 4, not reduced": bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    "order 4, not reduced, with a sign": (_FIELD + 2**255).to_bytes(32, "little"),
}
NOT_CANONICAL_ED25519: Final = {f"p + {more}": (_FIELD + more).to_bytes(32, "little") for more in range(2, 19)}
OFF_THE_CURVE_ED25519: Final = (2).to_bytes(32, "little")

_P521 = ec.generate_private_key(ec.SECP521R1()).public_key().public_numbers()
_MODULUS = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
_SHORT = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n  # noqa: S505  weak on purpose
_RSA: Final[dict[str, tuple[int, int]]] = {
    "RSA of 1024 bits": (_SHORT, 65537),
    "RSA with an even modulus": (_MODULUS - 1, 65537),
    "RSA with a factor that anyone finds": ((_MODULUS // 1502 * 2 + 1) * 751, 65537),
    "RSA with the square of a prime": ((2**1279 - 1) ** 2, 65537),
    "RSA with two factors side by side": (2**2048 - 63**2, 65537),
    "RSA with an exponent of 3": (_MODULUS, 3),
    "RSA with an even exponent": (_MODULUS, 65538),
}


def _ed25519() -> dict[str, bytes]:
    off = {"a point off the curve": OFF_THE_CURVE_ED25519}
    return {f"Ed25519: {name}": x for name, x in (SMALL_ORDER_ED25519 | NOT_CANONICAL_ED25519 | off).items()}


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


JWKS: Final[dict[str, dict[str, str]]] = {
    **{name: {"kty": "OKP", "crv": "Ed25519", "x": encode(x)} for name, x in _ed25519().items()},
    **{name: {"kty": "RSA", "n": encode(_octets(n)), "e": encode(_octets(e))} for name, (n, e) in _RSA.items()},
    "P-256: a point off the curve": {"kty": "EC", "crv": "P-256", "x": encode(b"\1" * 32), "y": encode(b"\2" * 32)},
    "P-256: the point at infinity": {"kty": "EC", "crv": "P-256", "x": encode(bytes(32)), "y": encode(bytes(32))},
}
"""As JSON Web Keys."""

PRIME_MODULI: Final = {"2^2203 - 1": 2**2203 - 1, "2^3217 - 1": 2**3217 - 1}
"""Primes, under which anyone may sign: looked for where the key is a passkey's, since the look takes a while."""

COSE: Final[dict[str, bytes]] = {
    **{
        f"RSA with the prime {name}": cbor2.dumps({1: 3, 3: -257, -1: _octets(n), -2: b"\1\0\1"})
        for name, n in PRIME_MODULI.items()
    },
    "RSA of 5120 bits": cbor2.dumps({1: 3, 3: -257, -1: _octets(2**5120 - 3), -2: b"\1\0\1"}),
    **{name: cbor2.dumps({1: 1, 3: -8, -1: 6, -2: x}) for name, x in _ed25519().items()},
    **{name: cbor2.dumps({1: 3, 3: -257, -1: _octets(n), -2: _octets(e)}) for name, (n, e) in _RSA.items()},
    "P-256: a point off the curve": cbor2.dumps({1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\2" * 32}),
    "P-256: the point at infinity": cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}),
    "ES256 on P-521": cbor2.dumps({1: 2, 3: -7, -1: 3, -2: _P521.x.to_bytes(66), -3: _P521.y.to_bytes(66)}),
    "ES512 on P-521": cbor2.dumps({1: 2, 3: -36, -1: 3, -2: _P521.x.to_bytes(66), -3: _P521.y.to_bytes(66)}),
}
"""As COSE keys."""
