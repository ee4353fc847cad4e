"""Verifying answers in full, as their receivers would: signatures by the published keys, bindings, what was recorded.

Nothing here uses the server's own code for tokens, so a fault there is not repeated.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bench.generator import Address, BenchFailed, Expected, ask
from bench.messages import BANK, ISSUER, SIGNED_VAULT_ID, BenchClient, get

_ANSWERED_WITHIN_SECONDS = 120
REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beforehand: the server's keys, the client that asked, the time."""

    keys: KeySet
    client: BenchClient
    now: int


def fetch_keys(address: Address) -> KeySet:
    """Return the server's published keys."""
    return KeySet.import_key_set(json.loads(ask(address, get("/jwks").wire(), Expected(200, b'"keys"'))))


def verify_token_answer(body: bytes, facts: Facts) -> str:
    """Verify a token response with a bound JWT access token; return what must differ from every other answer's."""
    members = _members(body)
    claims = _verified(members["access_token"], facts.keys, "at+jwt")
    _require(members["token_type"] == "Bearer", "token_type")  # noqa: S105 - a type, not a secret
    _check_claims(claims, facts)
    return str(claims["jti"])


def verify_refresh_answer(body: bytes, facts: Facts) -> str:
    """Verify a token response for a person: access token, ID token, and a refresh token."""
    members = _members(body)
    claims = _verified(members["access_token"], facts.keys, "at+jwt")
    _check_claims(claims, facts)
    identity = _verified(members["id_token"], facts.keys, None)
    _require(identity["iss"] == ISSUER and identity["aud"] == facts.client.client_id, "the ID token's iss or aud")
    _require(identity["sub"] == claims["sub"], "the ID token's sub")
    return str(members["refresh_token"])


def verify_pushed_answer(body: bytes, _facts: Facts) -> str:
    """Verify the answer to a pushed request."""
    members = _members(body)
    _require(members["request_uri"].startswith(REQUEST_URI_PREFIX), "request_uri")
    _require(members["expires_in"] > 0, "expires_in")
    return str(members["request_uri"])


def verify_description(body: bytes, facts: Facts) -> None:
    """Verify what introspection told of an active, bound token."""
    _check_description(_members(body), facts)


def verify_signed_description(body: bytes, facts: Facts) -> None:
    """Verify a signed answer of introspection."""
    claims = _verified(body.decode("ascii"), facts.keys, "token-introspection+jwt")
    _require(claims["iss"] == ISSUER and claims["aud"] == SIGNED_VAULT_ID, "iss or aud")
    _require(abs(claims["iat"] - facts.now) <= _ANSWERED_WITHIN_SECONDS, "iat")
    _require("sub" not in claims and "exp" not in claims, "sub or exp beside the description")
    _check_description(claims["token_introspection"], facts)


def verify_identity(body: bytes, _facts: Facts) -> None:
    """Verify what userinfo told."""
    _require(bool(_members(body)["sub"]), "sub")


def verify_keys(body: bytes, _facts: Facts) -> None:
    """Verify that the published keys can be read, and that none of them is private."""
    keys = _members(body)["keys"]
    _require(bool(KeySet.import_key_set({"keys": keys}).keys), "keys")
    _require(all("d" not in key for key in keys), "a private key")


def verify_discovery(body: bytes, _facts: Facts) -> None:
    """Verify the metadata."""
    members = _members(body)
    _require(members["issuer"] == ISSUER and members["jwks_uri"].startswith(ISSUER), "issuer or jwks_uri")


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        members = json.loads(body)
    except ValueError as error:
        raise BenchFailed(f"an answer is not JSON: {body[:200]!r}") from error
    _require(isinstance(members, dict), "no object")
    return dict(members)


def _verified(token: str, keys: KeySet, typ: str | None) -> Mapping[str, Any]:
    """Return a token's claims; where no `typ` is named, its header may leave it out."""
    try:
        decoded = jwt.decode(token, keys, algorithms=["ES256"])
    except JoseError as error:
        raise BenchFailed(f"a token's signature does not hold: {error}") from error
    _require(typ is None or decoded.header.get("typ") == typ, "typ")
    return decoded.claims


def _check_claims(claims: Mapping[str, Any], facts: Facts) -> None:
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    _require(claims["iss"] == ISSUER and BANK in audience, "iss or aud")
    _require(claims["client_id"] == facts.client.client_id, "client_id")
    _require(claims["cnf"] == {"x5t#S256": facts.client.thumbprint}, "cnf")
    _require(claims["exp"] > facts.now, "exp")


def _check_description(members: Mapping[str, Any], facts: Facts) -> None:
    _require(members["active"] is True, "active")
    _require(members["client_id"] == facts.client.client_id and members["iss"] == ISSUER, "client_id or iss")
    _require(members["cnf"] == {"x5t#S256": facts.client.thumbprint}, "cnf")
    _require(members["exp"] > facts.now, "exp")


def _require(condition: bool, what: str) -> None:  # noqa: FBT001 - the assertion that it is
    if not condition:
        raise BenchFailed(f"an answer is wrong: {what}")
