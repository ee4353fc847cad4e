"""This server's own signatures: one imported key for each algorithm, and the set that is published.

Spec: RFC7515-5.1
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from joserfc.jwk import Key

from authserver.keys.compact import sign_compact
from authserver.keys.jwks import JwksDocument
from authserver.keys.model import PublicKeys
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.values import Hidden, Value

_HALF_HASHES = {
    "ES256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "RS256": hashlib.sha256,
    "Ed25519": hashlib.sha512,
    "EdDSA": hashlib.sha512,
}


class NoSigningKey(TemporarilyUnavailable, LookupError):
    """A client is to get something signed by an algorithm that this deployment has no key for."""


class Signer(Value, frozen=True, eq=False):
    """One private key, imported once: importing an RSA key costs many signatures."""

    kid: str
    algorithm: str
    key: Hidden[Key]

    def sign(self, claims: Mapping[str, object], *, typ: str) -> str:
        """Sign claims as a JWT of that type.

        Spec: RFC7519-7.1, RFC8725-3.11
        """
        header = {"alg": self.algorithm, "kid": self.kid, "typ": typ}
        return sign_compact(header, claims, self.key, self.algorithm)


class SigningKeys(Value, frozen=True, eq=False):
    """The keys of one moment: those that sign, and all whose signatures are still to be believed.

    `public_jwks`, `verification` and `document` hold announced, signing and retired keys alike. Archived keys are in
    `archive`, to be sent; `ever` holds all keys, for what is older than a token may be.
    """

    signers: Mapping[str, Signer]
    default_algorithm: str
    public_jwks: tuple[Mapping[str, object], ...]
    verification: PublicKeys
    document: JwksDocument
    archive: JwksDocument
    ever: PublicKeys

    def signer_for(self, algorithm: str) -> Signer:
        """Return the signer of that algorithm; raises NoSigningKey if this server has no such key."""
        signer = self.signers.get(algorithm)
        if signer is None:
            raise NoSigningKey(
                f"There is no signing key for {algorithm} at the moment. Try again later.",
                reason=f"there is no signing key for {algorithm}; make one: authserver keys rotate",
                clause="OIDCC-15.1",
            )
        return signer

    def algorithms(self) -> frozenset[str]:
        """Return the algorithms this server can sign with, as discovery publishes them."""
        return frozenset(self.signers)


def half_hash(value: str, algorithm: str) -> str:
    """Return the left half of the hash of a token or code, as `at_hash` and its kin hold it.

    Raises ValueError on an algorithm whose hash is unknown, rather than leave the binding out. Ed25519 hashes with
    SHA-512 inside, and so here.

    Spec: OIDCC-3.1.3.6
    """
    hash_function = _HALF_HASHES.get(algorithm)
    if hash_function is None:
        raise ValueError("no hash is known for the algorithm")
    digest = hash_function(value.encode("ascii")).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
