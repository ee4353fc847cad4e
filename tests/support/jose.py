"""Keys and tokens for tests, those included that no honest library would write."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

Part = Mapping[str, object] | bytes
"""A header or a payload: an object to be written as JSON, or the octets themselves."""


@cache
def private_key(algorithm: str, name: str = "") -> RSAKey | OKPKey | ECKey:  # noqa: ARG001  the cache tells keys apart by it
    """Return a key of the kind an algorithm signs with; another `name` is another key."""
    if algorithm in {"PS256", "RS256"}:
        return RSAKey.generate_key(2048)
    if algorithm in {"Ed25519", "EdDSA"}:
        return OKPKey.generate_key("Ed25519")
    return ECKey.generate_key("P-384" if algorithm == "ES384" else "P-256")


def public_jwk(key: Key, **members: object) -> dict[str, object]:
    """Return the public half of a key with further members."""
    return {**key.as_dict(private=False), **members}


@cache
def weak_rsa_jwk() -> Mapping[str, object]:
    """Return a public key of 1024 bits."""
    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()  # noqa: S505  weak on purpose
    return {"kty": "RSA", "e": "AQAB", "n": encode(numbers.n.to_bytes(128))}


def encode(data: bytes) -> str:
    """Write base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(header: Part, claims: Part, key: Key, algorithm: str) -> str:
    """Sign whatever is given, however malformed, under an algorithm the header need not name."""
    header_octets = header if isinstance(header, bytes) else json.dumps(header).encode()
    claims_octets = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signing_input = f"{encode(header_octets)}.{encode(claims_octets)}"
    name = "Ed25519" if algorithm == "EdDSA" else algorithm
    signature = JWSRegistry.algorithms[name].sign(signing_input.encode(), key)
    return f"{signing_input}.{encode(signature)}"
