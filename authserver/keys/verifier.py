"""Reading tokens that others signed: assertions, request objects, DPoP proofs, and our own on their way back.

Every function raises BadJwt and nothing else, whatever the input.

Spec: RFC8725-3
"""

from collections.abc import Mapping
from functools import lru_cache

from authserver.keys.compact import CompactToken, UnverifiedJwt, split_compact
from authserver.keys.jwks import check_not_private, import_public_key, public_members, thumbprint
from authserver.keys.model import ED25519_NAMES, BadJwt, PublicKey, PublicKeys, VerifiedJwt

_DPOP_TYPES = frozenset({"dpop+jwt"})
MAX_CANDIDATES = 8
"""How many keys are tried on a token that names none."""

_PROOF_KEYS_REMEMBERED = 2048


def read_unverified(token: str) -> UnverifiedJwt:
    """Read what a token says of itself, to find out whose keys to try; believe none of it yet."""
    parts = split_compact(token)
    return UnverifiedJwt(parts.header, parts.claims(), parts)


def verify_jwt(
    token: str | UnverifiedJwt, keys: PublicKeys, *, algorithms: frozenset[str], types: frozenset[str] | None
) -> VerifiedJwt:
    """Verify a token, read already or not, with the one key it names, or with any fitting key where it names none.

    `types` are the accepted `typ` values in lower case; "" among them accepts a token without one, None looks at none.
    A `jwk`, `jku`, `x5u` or `x5c` in the header is never used.

    Spec: RFC7515-5.2, RFC7515-4.1.11, RFC8725-3.1, RFC8725-3.11, FAPI2-SP-FINAL-5.4.2-2
    """
    parts = split_compact(token) if isinstance(token, str) else token.parts
    algorithm = _check_header(parts.header, algorithms, types)
    for candidate in _candidates(parts.header, keys, algorithm):
        if parts.is_signed_by(candidate.key, algorithm):
            return VerifiedJwt(parts.header, parts.claims() if isinstance(token, str) else token.claims)
    if parts.header.get("kid") is None and len(keys.find(None, algorithm)) > MAX_CANDIDATES:
        raise BadJwt("the token names no kid, and no key that is tried verifies the signature: the signer has too many")
    raise BadJwt("no key of the signer verifies the signature")


def verify_dpop_jwt(token: str, *, algorithms: frozenset[str]) -> tuple[VerifiedJwt, str]:
    """Verify a DPoP proof with the key in its own header, and return it with the thumbprint of that key.

    Spec: RFC9449-4.2, RFC9449-4.3, RFC7638-3, RFC9449-11.5, RFC9449-11.6
    """
    parts = split_compact(token)
    algorithm = _check_header(parts.header, algorithms, _DPOP_TYPES)
    proof_key, jkt = _read_proof_key(parts)
    if algorithm not in proof_key.algorithms:
        raise BadJwt("the key in the header does not fit the algorithm")
    if not parts.is_signed_by(proof_key.key, algorithm):
        raise BadJwt("the key in the header does not verify the signature")
    return VerifiedJwt(parts.header, parts.claims()), jkt


def _check_header(header: Mapping[str, object], algorithms: frozenset[str], types: frozenset[str] | None) -> str:
    """Return the algorithm of an acceptable header.

    `crit` in any form and `b64` are refused outright: no extension is understood here.
    """
    if "crit" in header or "b64" in header:
        raise BadJwt("the header asks for an extension")
    if types is not None and _read_type(header) not in types:
        raise BadJwt("the token is of another type")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or not _is_allowed(algorithm, algorithms):
        raise BadJwt("the algorithm is not allowed here")
    return algorithm


def _is_allowed(algorithm: str, algorithms: frozenset[str]) -> bool:
    if algorithm in ED25519_NAMES:
        return bool(algorithms & ED25519_NAMES)
    return algorithm in algorithms


def _read_type(header: Mapping[str, object]) -> str | None:
    """Return `typ` in lower case without its media type prefix, "" if there is none, None if it is nonsense.

    Spec: RFC7515-4.1.9
    """
    value = header.get("typ")
    if not isinstance(value, str):
        return None if "typ" in header else ""
    return value.lower().removeprefix("application/") or None


def _candidates(header: Mapping[str, object], keys: PublicKeys, algorithm: str) -> tuple[PublicKey, ...]:
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise BadJwt("the kid is not a string")
    candidates = keys.find(kid, algorithm)
    if not candidates:
        raise BadJwt("the signer has no key of that kid and algorithm")
    if kid is not None and len(candidates) > 1:
        raise BadJwt("the signer has several keys of that kid")
    return candidates[:MAX_CANDIDATES]


def _read_proof_key(parts: CompactToken) -> tuple[PublicKey, str]:
    jwk = parts.header.get("jwk")
    if not isinstance(jwk, dict):
        raise BadJwt("the header holds no jwk")
    try:
        check_not_private(jwk)
        return _import_proof_key(tuple(public_members(jwk).items()))
    except ValueError as error:
        raise BadJwt("the jwk in the header cannot be used") from error


@lru_cache(maxsize=_PROOF_KEYS_REMEMBERED)
def _import_proof_key(members: tuple[tuple[str, str], ...]) -> tuple[PublicKey, str]:
    """Import a proof key; remembered, since a client uses one key for many proofs and importing costs a signature."""
    jwk = dict(members)
    return import_public_key(jwk), thumbprint(jwk)
