"""What a client signs and verifies: assertions, DPoP proofs, PKCE, and the ID tokens it receives."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

_ALGORITHMS = ["ES256", "PS256", "Ed25519"]
_ASSERTION_SECONDS = 60


class NotGenuine(Exception):
    """Something received is not what the flow asked for; the flow stops."""


def sign_assertion(key: ECKey, client_id: str, issuer: str, now: int) -> str:
    """Sign a client assertion for one request; the issuer is its only audience."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    return jwt.encode({"alg": "ES256", "kid": key.thumbprint()}, claims, key, algorithms=["ES256"])


def sign_proof(key: ECKey, target: tuple[str, str], now: int, *, access_token: str = "", nonce: str = "") -> str:
    """Sign a DPoP proof for a request's method and URL, and beside a token for that token."""
    method, url = target
    jwk = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    claims: dict[str, Any] = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url.partition("?")[0], "iat": now}
    if access_token:
        claims["ath"] = _digest(access_token)
    if nonce:
        claims["nonce"] = nonce
    return jwt.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, claims, key, algorithms=["ES256"])


def new_pkce() -> tuple[str, str]:
    """Return a verifier and its S256 challenge."""
    verifier = secrets.token_urlsafe(32)
    return verifier, _digest(verifier)


def read_jwt(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return header and claims of a JWT to show them, unverified; None for a token that is none."""
    parts = token.split(".")
    try:
        header, claims = (json.loads(_decode(part)) for part in parts[:2])
    except ValueError:
        return None
    return header, claims


def verify_id_token(token: str, jwks: Mapping[str, Any], expected: Mapping[str, str], now: int) -> dict[str, Any]:
    """Return the claims of an ID token whose signature holds and that has these `iss`, `aud` and `nonce`.

    Raises NotGenuine otherwise.
    """
    try:
        keys = KeySet.import_key_set({"keys": list(jwks["keys"])})
        claims: dict[str, Any] = dict(jwt.decode(token, keys, algorithms=_ALGORITHMS).claims)
    except (JoseError, ValueError, KeyError) as error:
        raise NotGenuine(f"the ID token does not verify: {type(error).__name__}") from error
    for name, value in expected.items():
        if claims.get(name) != value:
            raise NotGenuine(f"the ID token has another {name}")
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= now:
        raise NotGenuine("the ID token has expired")
    return claims


def thumbprint_of(der: bytes) -> str:
    """Return a certificate's `x5t#S256`."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode("ascii")).digest()).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
