"""What the package hands out: verified tokens, public keys, and a signing key as the database holds it."""

from collections.abc import Mapping

from joserfc.jwk import Key

from authserver.values import Hidden, Value

ALGORITHMS = frozenset({"ES256", "PS256", "Ed25519", "EdDSA", "RS256"})
"""Every signature algorithm this server can verify; `EdDSA` is the older name of `Ed25519`.

Spec: FAPI2-SP-FINAL-5.4.1-1, RFC9864-2
"""

ED25519_NAMES = frozenset({"Ed25519", "EdDSA"})
"""The two names of one algorithm: whoever allows one allows the other."""


class BadJwt(Exception):
    """A token cannot be trusted; the text is a reason for the operator and holds nothing of the token."""


class VerifiedJwt(Value, frozen=True):
    """A token whose signature, algorithm and type hold; its claims are still to be judged."""

    header: Mapping[str, object]
    claims: Mapping[str, object]


class PublicKey(Value, frozen=True, eq=False):
    """One imported member of a JWKS: what it may verify, and the DER of the certificate that came with it."""

    kid: str | None
    algorithms: frozenset[str]
    key: Key
    certificate: bytes | None = None


class PublicKeys(Value, frozen=True, eq=False):
    """The usable keys of one JWKS, imported once."""

    members: tuple[PublicKey, ...]

    def __bool__(self) -> bool:
        return bool(self.members)

    def find(self, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
        """Return the keys that may have signed: those of that kid, or every fitting key where none is named."""
        return tuple(
            member for member in self.members if algorithm in member.algorithms and (kid is None or member.kid == kid)
        )

    def kids(self) -> frozenset[str]:
        """Return the names of the keys that have one."""
        return frozenset(member.kid for member in self.members if member.kid is not None)

    def x5c_certificates(self) -> tuple[bytes, ...]:
        """Return the certificates that came with the keys, as DER.

        Spec: RFC8705-2.2.2
        """
        return tuple(member.certificate for member in self.members if member.certificate is not None)


EMPTY_KEYS = PublicKeys(())
"""No keys at all: nothing verifies."""


ARCHIVED = "archived"
"""The state of a key that is published no more, and whose private half is destroyed."""


class StoredKey(Value, frozen=True):
    """A signing key as its row holds it: the public half as JSON, the private half sealed.

    `state` is `announced`, then `signing`, then `retired`; see `keys.rotation`. An `archived` one has no private half.
    """

    kid: str
    algorithm: str
    public_jwk: str
    sealed_private_jwk: Hidden[bytes]
    state: str
    created_at: int
    signs_from: int
    retired_at: int | None
