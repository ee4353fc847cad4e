"""A signing key at rest, both ends: sealed into its row, and opened into a signer."""

import json
from collections.abc import Mapping

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers
from joserfc import jwk as jose
from joserfc.util import base64_to_int

from authserver.keys.compact import read_json
from authserver.keys.jwks import public_members
from authserver.keys.model import StoredKey
from authserver.keys.rotation import generate_key
from authserver.keys.signer import Signer
from authserver.sealing.envelope import Envelope


def make_key(algorithm: str, envelope: Envelope, state: str, now: int, signs_from: int) -> StoredKey:
    """Make a key and seal its private half to its own row: moved to another, it does not open."""
    private_jwk = generate_key(algorithm)
    kid = str(private_jwk["kid"])
    public_jwk = {**public_members(private_jwk), "kid": kid, "alg": algorithm, "use": "sig"}
    sealed = envelope.seal(orjson.dumps(private_jwk), _place(kid, algorithm))
    return StoredKey(kid, algorithm, json.dumps(public_jwk), sealed, state, now, signs_from, None)


def open_signer(key: StoredKey, envelope: Envelope) -> Signer:
    """Open a row into a signer, or raise SealBroken."""
    private_jwk = read_json(envelope.open(key.sealed_private_jwk, _place(key.kid, key.algorithm)))
    if not isinstance(private_jwk, dict):
        raise TypeError("a sealed key is a JSON object")
    return Signer(
        key.kid,
        key.algorithm,
        _import_rsa(private_jwk) if private_jwk["kty"] == "RSA" else jose.import_key(private_jwk),
    )


def _import_rsa(private_jwk: Mapping[str, str]) -> jose.RSAKey:
    """Import an RSA key that we made and sealed, without searching its primes for factors once more.

    The seal tells that it is that very key. The search takes 100 ms for 3072 bits, at each start and in each worker.
    """
    number = {name: base64_to_int(private_jwk[name]) for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")}
    numbers = RSAPrivateNumbers(
        p=number["p"],
        q=number["q"],
        d=number["d"],
        dmp1=number["dp"],
        dmq1=number["dq"],
        iqmp=number["qi"],
        public_numbers=RSAPublicNumbers(number["e"], number["n"]),
    )
    return jose.RSAKey.import_key(numbers.private_key(unsafe_skip_rsa_key_validation=True))


def _place(kid: str, algorithm: str) -> str:
    return f"signing_keys|{kid}|{algorithm}"
