"""JSON Web Keys: reading other people's, publishing ours, and the thumbprint that names a key.

Spec: RFC7517-5, RFC7638-3, RFC8037-2
"""

import hashlib
from base64 import b64decode
from collections.abc import Iterable, Mapping

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import load_der_x509_certificate
from joserfc import jwk as jose
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

from authserver.keys.model import ALGORITHMS, ED25519_NAMES, PublicKey, PublicKeys
from authserver.keys.public_keys import RSA_MODULUS_BITS, check_public_key
from authserver.values import Value

_PUBLIC_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_ALGORITHMS_OF = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("OKP", "Ed25519"): ED25519_NAMES,
    ("RSA", None): frozenset({"PS256", "RS256"}),
}
_COORDINATE_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66}
_RSA_EXPONENT_BYTES = 4
_MAX_MEMBERS = 100


class JwksDocument(Value, frozen=True):
    """A published JWKS, ready to send."""

    body: bytes
    etag: str


def parse_jwks(document: object) -> PublicKeys:
    """Import the usable members of a JWKS; raises ValueError if it is none.

    Members are judged one by one: a key of an unknown kind, a broken or weak one, or one that should never have been
    shown (private, symmetric) is left out, and does not take its neighbours with it.

    Spec: RFC7517-5
    """
    members = (_parse_member(member) for member in _members(document))
    return PublicKeys(tuple(member for member in members if member is not None))


def check_public_jwks(document: object) -> None:
    """Raise ValueError, in words fit for the client, if a JWKS should not be registered.

    Keys may share a kid where their other members tell them apart: whoever verifies then chooses by those.

    Spec: RFC7591-2, FAPI2-SP-FINAL-5.4.1-2, FAPI2-SP-FINAL-5.4.1-3, FAPI2-SP-FINAL-5.4.3-1
    """
    seen: list[tuple[object, ...]] = []
    for member in _members(document):
        if not isinstance(member, dict):
            raise ValueError("a member of the JWKS is not an object")
        check_not_private(member)
        distinction = tuple(member.get(name) for name in ("kid", "kty", "crv", "use", "alg"))
        kid = member.get("kid")
        if kid is not None and (not isinstance(kid, str) or distinction in seen):
            raise ValueError("the JWKS holds a kid twice or one that is not a string")
        seen.append(distinction)
    if not parse_jwks(document):
        raise ValueError("the JWKS holds no usable key")


def thumbprint(jwk: Mapping[str, object]) -> str:
    """Return the SHA-256 thumbprint of a key; raises ValueError if members are missing.

    Spec: RFC7638-3
    """
    return jose.thumbprint(public_members(jwk))


def render_jwks(public_jwks: Iterable[Mapping[str, object]]) -> JwksDocument:
    """Write the JWKS that others fetch: public members alone, each with its kid, its one algorithm and its use.

    Spec: RFC7517-5
    """
    keys = [
        {
            **public_members(jwk),
            "kid": jwk["kid"],
            "alg": jwk["alg"],
            "use": "sig",
        }  # chosen, so nothing private slips by
        for jwk in public_jwks
    ]
    body = orjson.dumps({"keys": keys})
    return JwksDocument(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def public_members(jwk: Mapping[str, object]) -> dict[str, str]:
    """Return the members that make up a public key and nothing else; raises ValueError if one is missing or no text.

    Spec: RFC7638-3.2
    """
    kty = jwk.get("kty")
    names = _PUBLIC_MEMBERS.get(kty) if isinstance(kty, str) else None
    if names is None:
        raise ValueError("the key is of an unknown kind")
    members = {name: value for name in names if isinstance(value := jwk.get(name), str)}
    if len(members) != len(names):
        raise ValueError("the key lacks a member")
    return members


def check_not_private(jwk: Mapping[str, object]) -> None:
    """Raise ValueError if a key holds anything that only its owner may know."""
    if jwk.get("kty") == "oct" or _PRIVATE_MEMBERS & jwk.keys():
        raise ValueError("the key is private or symmetric")


def import_public_key(jwk: Mapping[str, object]) -> PublicKey:
    """Import one public JWK; raises ValueError if it is private, weak, broken, or written in an unusual way.

    The library is given only the members that make the key, so none of its other rules can be set off.

    Spec: RFC7518-6, FAPI2-SP-FINAL-5.4.1-2
    """
    check_not_private(jwk)
    members = public_members(jwk)
    _check_spelling(members)
    try:
        key = jose.import_key({**members})
        check_public_key(getattr(key, "public_key", None))
    except (JoseError, TypeError, KeyError, UnsupportedAlgorithm) as error:
        raise ValueError("the key cannot be imported") from error
    kid = jwk.get("kid")
    algorithms = _ALGORITHMS_OF.get((members["kty"], members.get("crv")), frozenset())
    return PublicKey(kid if isinstance(kid, str) else None, algorithms, key)


def _members(document: object) -> list[object]:
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list):
        raise ValueError("the JWKS is not an object with a list of keys")
    if len(members) > _MAX_MEMBERS:
        raise ValueError("the JWKS holds too many keys")
    return members


def _parse_member(member: object) -> PublicKey | None:
    if not isinstance(member, dict):
        return None
    try:
        imported = import_public_key(member)
        certificate = _parse_certificate(member, imported)
    except (ValueError, UnsupportedAlgorithm):
        return None
    algorithms = imported.algorithms & _permitted(member)
    if not algorithms and certificate is None:
        return None
    return PublicKey(imported.kid, algorithms, imported.key, certificate)


def _permitted(member: Mapping[str, object]) -> frozenset[str]:
    """Read what the key's owner allows it for: `use`, `key_ops` and `alg`, where they are present."""
    operations = member.get("key_ops", ["verify"])
    if member.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return frozenset()
    algorithm = member.get("alg")
    if algorithm is None:
        return ALGORITHMS
    if not isinstance(algorithm, str):
        return frozenset()
    return ED25519_NAMES if algorithm in ED25519_NAMES else frozenset({algorithm})


def _parse_certificate(member: Mapping[str, object], imported: PublicKey) -> bytes | None:
    """Read the first certificate of `x5c`; raises ValueError if it is not one for this very key.

    Spec: RFC7517-4.7
    """
    chain = member.get("x5c")
    if chain is None:
        return None
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise ValueError("x5c is not a list of certificates")
    der = b64decode(chain[0], validate=True)
    if load_der_x509_certificate(der).public_key() != imported.key.public_key:
        raise ValueError("x5c holds the certificate of another key")
    return der


def _check_spelling(members: Mapping[str, str]) -> None:
    """Refuse second spellings of a key: with coordinates of full length and no leading zeros it has one thumbprint.

    Lengths are judged before the library sees them: it warns of short keys, and calculates with long ones.

    Spec: RFC7518-6.2.1.2, RFC7518-6.3.1
    """
    fits = True
    if members["kty"] == "EC":
        length = _COORDINATE_BYTES.get(members["crv"])
        fits = len(_decode(members["x"])) == len(_decode(members["y"])) == length
    elif members["kty"] == "RSA":
        modulus, exponent = _decode(members["n"]), _decode(members["e"])
        fits = (
            int.from_bytes(modulus).bit_length() in RSA_MODULUS_BITS
            and 0 < len(exponent) <= _RSA_EXPONENT_BYTES
            and 0 not in (modulus[0], exponent[0])
        )
    if not fits:
        raise ValueError("the key is too short, too long, or padded")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text.encode())
