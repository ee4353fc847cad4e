"""Which public keys are worth anything: the one judgement, wherever somebody else's key is taken in.

A key can be well-formed and need no secret: under an Edwards point of small order the same signature fits any message.
"""

import math
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

RSA_MODULUS_BITS: Final = range(2048, 8192 + 1)
"""How long an RSA key may be: from where it is strong, to where checking a signature becomes an attack."""

_RSA_EXPONENTS: Final = range(65537, 2**32, 2)
_CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_ED25519_FIELD: Final = 2**255 - 19
_ED25519_D: Final = -121665 * pow(121666, -1, _ED25519_FIELD) % _ED25519_FIELD
_ED448_FIELD: Final = 2**448 - 2**224 - 1
_ED448_D: Final = -39081

# A point and its mirror images share their y: these belong to the points of order 1, 2, 4 and 8.
_ED25519_SMALL_ORDER: Final = frozenset({
    0, 1, _ED25519_FIELD - 1,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
})  # fmt: skip
_ED448_SMALL_ORDER: Final = frozenset({0, 1, _ED448_FIELD - 1})

_SMALL_PRIMES: Final = math.prod(
    number for number in range(3, 752, 2) if all(number % divisor for divisor in range(3, math.isqrt(number) + 1, 2))
)


def check_public_key(key: object) -> None:
    """Raise ValueError for a public key that is weak, of a kind not taken here, or that signs without a secret.

    Spec: FAPI2-SP-FINAL-5.4.1-2, RFC8032-5.1.3, RFC7748-6.1, RFC7518-6.3.1
    """
    if isinstance(key, rsa.RSAPublicKey):
        _check_rsa(key.public_numbers())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        # That the point is on its curve, and not the one at infinity, the library has checked when it made the key.
        if key.curve.name not in _CURVES:
            raise ValueError("the key's curve is too weak or unknown")
    elif isinstance(key, ed25519.Ed25519PublicKey):
        _check_edwards(key.public_bytes_raw(), _ED25519_FIELD, (-1, _ED25519_D), _ED25519_SMALL_ORDER)
    elif isinstance(key, ed448.Ed448PublicKey):
        _check_edwards(key.public_bytes_raw(), _ED448_FIELD, (1, _ED448_D), _ED448_SMALL_ORDER)
    else:
        raise ValueError("the key is of a kind that is not taken")


def check_certificate_key(certificate: x509.Certificate) -> None:
    """Raise ValueError for a certificate whose key is worth nothing; the library checks only those of authorities.

    Spec: FAPI2-SP-FINAL-5.4.1-2
    """
    check_public_key(certificate.public_key())


def check_no_prime(modulus: int) -> None:
    """Raise ValueError for a modulus that is itself a prime, under which anyone may sign.

    Takes 30 ms for 2,048 bits, and ten times that for 4,096: not to be asked of keys that strangers send.
    """
    if pow(2, modulus - 1, modulus) == 1:
        raise ValueError("the RSA modulus is a prime")


def _check_rsa(numbers: rsa.RSAPublicNumbers) -> None:
    """Refuse what is short, so long that a check becomes an attack, or shows its factors to whoever looks.

    Two factors side by side, or one twice, are found from the root: the modulus is a square less a square.

    Spec: RFC7518-6.3.1
    """
    if numbers.n.bit_length() not in RSA_MODULUS_BITS or numbers.e not in _RSA_EXPONENTS:
        raise ValueError("the RSA key or its exponent is too weak or too long")
    if numbers.n % 2 == 0 or math.gcd(numbers.n, _SMALL_PRIMES) != 1:
        raise ValueError("the RSA modulus has a small factor")
    gap = (math.isqrt(numbers.n - 1) + 1) ** 2 - numbers.n
    if math.isqrt(gap) ** 2 == gap:
        raise ValueError("the RSA modulus is the product of two numbers side by side")


def _check_edwards(encoded: bytes, field: int, curve: tuple[int, int], small_order: frozenset[int]) -> None:
    """Refuse an encoding that is not canonical, is no point of the curve, or is one of small order.

    `curve` is a and d of a·x² + y² = 1 + d·x²·y². "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020),
    section 4, says what such points do to signatures.

    Spec: RFC8032-5.1.3, RFC8032-5.2.3
    """
    a, d = curve
    sign_bit = 8 * len(encoded) - 1
    y = int.from_bytes(encoded, "little") & ((1 << sign_bit) - 1)
    if y >= field or y in small_order:
        raise ValueError("the Edwards point is of small order or not canonical")
    x_squared = (1 - y * y) * pow(a - d * y * y, -1, field) % field
    if pow(x_squared, (field - 1) // 2, field) != 1:
        raise ValueError("the Edwards point is not on its curve")
