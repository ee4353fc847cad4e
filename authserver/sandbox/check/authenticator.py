"""A passkey in software, with the browser in front of it: what `--check` signs in and approves with.

It keeps no count, as passkeys that live on several devices do not, and so can be saved once and used by the next run.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from authserver.values import Hidden, Value

_PRESENT_AND_VERIFIED = 0x05
_WITH_KEY = 0x40
_NO_MODEL = bytes(16)
_NO_COUNT = bytes(4)
_OWNER_ONLY = 0o600


class SoftwarePasskey(Value, frozen=True):
    """One passkey of one person at one origin; whoever holds it is taken for verified."""

    origin: str
    credential_id: bytes
    user_handle: bytes
    key: Hidden[ec.EllipticCurvePrivateKey]

    def sign(self, options: str) -> str:
        """Answer `navigator.credentials.get()` with the JSON that a page posts."""
        about = _client_data("webauthn.get", json.loads(options)["challenge"], self.origin)
        data = _authenticator_data(self.origin, _PRESENT_AND_VERIFIED)
        response = {
            "clientDataJSON": _encode(about),
            "authenticatorData": _encode(data),
            "signature": _encode(self.key.sign(data + sha256(about).digest(), ec.ECDSA(SHA256()))),
            "userHandle": _encode(self.user_handle),
        }
        return _credential(self.credential_id, response)

    def save(self, path: Path) -> None:
        """Keep the passkey in a file for its owner alone."""
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        members = {
            "origin": self.origin,
            "credential_id": _encode(self.credential_id),
            "user_handle": _encode(self.user_handle),
            "key": pem,
        }
        path.touch(mode=_OWNER_ONLY)
        path.write_text(json.dumps(members), encoding="utf-8")


def make_passkey(options: str, origin: str) -> tuple[SoftwarePasskey, str]:
    """Answer `navigator.credentials.create()`: the new passkey, and the JSON that a page posts."""
    asked = json.loads(options)
    made = SoftwarePasskey(
        origin, secrets.token_bytes(32), _decode(asked["user"]["id"]), ec.generate_private_key(ec.SECP256R1())
    )
    data = _authenticator_data(origin, _PRESENT_AND_VERIFIED | _WITH_KEY, _attested(made))
    response = {
        "clientDataJSON": _encode(_client_data("webauthn.create", asked["challenge"], origin)),
        "attestationObject": _encode(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        "transports": ["internal"],
    }
    return made, _credential(made.credential_id, response)


def load_passkey(path: Path, origin: str) -> SoftwarePasskey | None:
    """Read what `save` wrote, for the origin of this run: a passkey belongs to the host, whichever the port."""
    if not path.exists():
        return None
    members = json.loads(path.read_text(encoding="utf-8"))
    key = load_pem_private_key(members["key"].encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    return SoftwarePasskey(origin, _decode(members["credential_id"]), _decode(members["user_handle"]), key)


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    members = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
    return json.dumps(members).encode()


def _authenticator_data(origin: str, flags: int, attested: bytes = b"") -> bytes:
    host = urlsplit(origin).hostname or ""
    return sha256(host.encode()).digest() + bytes([flags]) + _NO_COUNT + attested


def _attested(made: SoftwarePasskey) -> bytes:
    numbers = made.key.public_key().public_numbers()
    cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
    return _NO_MODEL + len(made.credential_id).to_bytes(2, "big") + made.credential_id + cbor2.dumps(cose)


def _credential(credential_id: bytes, response: Mapping[str, Any]) -> str:
    name = _encode(credential_id)
    return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
