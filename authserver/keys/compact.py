"""The compact form of a signed token, both ends: strict base64url, strict JSON, and the signature itself.

joserfc supplies the keys and the algorithms. The frame is ours, because its own `jwt.decode` lets duplicate members and
`crit: []` through, caps a header below the size of an RSA DPoP proof, and leaks errors of six kinds. The base64url and
the outside of ES256 are ours for their price alone; a test holds both against joserfc's.
"""

import json
from collections.abc import Mapping
from math import isfinite
from typing import Never

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from authserver.keys import es256
from authserver.keys.base64url import decode, encode
from authserver.keys.model import ALGORITHMS, ED25519_NAMES, BadJwt
from authserver.values import Hidden, Value

_MAX_TOKEN = 16 * 1024
_MAX_HEADER = 8 * 1024
_SEGMENTS = 3
_MAX_INTEGER = 2**53 - 1
_MAX_INTEGER_TEXT = 17

# EdDSA stands for Ed25519 here, since no key of another curve gets this far; joserfc's own EdDSA warns at each use.
_IMPLEMENTATIONS = {
    name: es256 if name == "ES256" else JWSRegistry.algorithms["Ed25519" if name in ED25519_NAMES else name]
    for name in ALGORITHMS
}


class CompactToken(Value, frozen=True):
    """A token taken apart: only the header has been decoded."""

    header: Mapping[str, object]
    signing_input: Hidden[bytes]
    payload: Hidden[bytes]
    signature: Hidden[bytes]

    def claims(self) -> Mapping[str, object]:
        """Decode the payload, or raise BadJwt if it is no JSON object."""
        return _read_segment(self.payload, "claims")

    def is_signed_by(self, key: Key, algorithm: str) -> bool:
        """Say whether the signature is this key's under one of `ALGORITHMS`.

        Anyone can rewrite an ECDSA signature into another that also holds: remember tokens by `jti`, not text.
        """
        try:
            signature = decode(self.signature)
            return _IMPLEMENTATIONS[algorithm].verify(self.signing_input, signature, key)
        except (JoseError, ValueError, TypeError):
            return False


class UnverifiedJwt(Value, frozen=True):
    """What a token claims before anyone has looked at its signature; `parts` are for whoever does."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    parts: CompactToken


def split_compact(token: str) -> CompactToken:
    """Take a token apart and decode its header; raises BadJwt on anything but three base64url segments.

    Spec: RFC7515-5.2
    """
    if len(token) > _MAX_TOKEN:
        raise BadJwt("the token is too long")
    if not token.isascii():
        raise BadJwt("the token is not ASCII")
    segments = token.encode("ascii").split(b".")
    if len(segments) != _SEGMENTS:
        raise BadJwt("the token has not three segments")
    header, payload, signature = segments
    if len(header) > _MAX_HEADER:
        raise BadJwt("the header is too long")
    return CompactToken(_read_segment(header, "header"), header + b"." + payload, payload, signature)


def sign_compact(header: Mapping[str, object], claims: Mapping[str, object], key: Key, algorithm: str) -> str:
    """Sign claims into a token.

    Spec: RFC7515-5.1
    """
    signing_input = encode(orjson.dumps(header)) + b"." + encode(orjson.dumps(claims))
    signature = _IMPLEMENTATIONS[algorithm].sign(signing_input, key)
    return (signing_input + b"." + encode(signature)).decode("ascii")


def read_json(data: bytes) -> object:
    """Decode interoperable JSON; raises ValueError on whatever two parsers might read differently.

    That is: duplicate members, NaN and infinities, integers past 53 bits, lone surrogates, nesting past the stack.

    Spec: RFC7493-2, RFC7515-4
    """
    text = data.decode("utf-8")
    try:
        value: object = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if "\\u" in text:
        # Only an escape can hold a lone surrogate, which would fail far from here, when someone encodes the string.
        orjson.loads(data)
    return value


def _read_segment(segment: bytes, part: str) -> Mapping[str, object]:
    try:
        value = read_json(decode(segment))
    except ValueError as error:
        raise BadJwt(f"the {part} is not strict JSON in base64url") from error
    if not isinstance(value, dict):
        raise BadJwt(f"the {part} is not a JSON object")
    return value


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name occurs twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _bounded(text: str) -> int:
    if len(text) > _MAX_INTEGER_TEXT or abs(int(text)) > _MAX_INTEGER:
        raise ValueError("a number is out of range")
    return int(text)


def _refuse_constant(_name: str) -> Never:
    raise ValueError("NaN and infinities are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_members, parse_float=_finite, parse_int=_bounded, parse_constant=_refuse_constant
)
