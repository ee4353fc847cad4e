"""An authenticator in software, with the browser before it: makes keys and signs, honestly unless told otherwise."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.support.deployment import ISSUER

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


def encode(octets: bytes) -> str:
    """Write octets as browsers do in JSON."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read what `encode` wrote."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftwareKey:
    """One credential on one authenticator, and the browser that speaks for it; `count` 0 is one that keeps no count."""

    origin: str = ISSUER
    verifies: bool = True
    synced: bool = False
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None
    aaguid: bytes = bytes(16)
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def register(self, options: str, **client_data: object) -> str:
        """Answer `navigator.credentials.create()`; members given take the place of honest client data."""
        asked = json.loads(options)
        self.user_handle = decode(asked["user"]["id"])
        attestation = {"fmt": "none", "attStmt": {}, "authData": self.authenticator_data(self._attested())}
        response = {
            "clientDataJSON": encode(self.client_data("webauthn.create", asked, client_data)),
            "attestationObject": encode(cbor2.dumps(attestation)),
            "transports": ["internal", "hybrid"],
        }
        return self.answer(response)

    def sign(self, options: str, *, extra: Mapping[str, object] | None = None, **client_data: object) -> str:
        """Answer `navigator.credentials.get()`; `extra` takes the place of members of the response."""
        asked = json.loads(options)
        if self.count:
            self.count += 1
        about = self.client_data("webauthn.get", asked, client_data)
        signed = self.authenticator_data()
        signature = self.private_key.sign(signed + sha256(about).digest(), ec.ECDSA(SHA256()))
        response: dict[str, Any] = {
            "clientDataJSON": encode(about),
            "authenticatorData": encode(signed),
            "signature": encode(signature),
        }
        if self.user_handle is not None:
            response["userHandle"] = encode(self.user_handle)
        return self.answer({**response, **(extra or {})})

    def answer(self, response: Mapping[str, object]) -> str:
        """Write what a page would post."""
        name = encode(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def client_data(self, kind: str, asked: Mapping[str, Any], instead: Mapping[str, object]) -> bytes:
        """Write the client data; a member given as None is left out."""
        honest = {"type": kind, "challenge": asked["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({name: value for name, value in {**honest, **instead}.items() if value is not None}).encode()

    def authenticator_data(self, attested: bytes = b"", *, flags: int | None = None) -> bytes:
        """Write the authenticator data."""
        honest = UP | (UV if self.verifies else 0) | (BE | BS if self.synced else 0) | (AT if attested else 0)
        rp_id = (urlsplit(self.origin).hostname or "").encode()
        shown = honest if flags is None else flags
        return sha256(rp_id).digest() + bytes([shown]) + self.count.to_bytes(4, "big") + attested

    def _attested(self) -> bytes:
        length = len(self.credential_id).to_bytes(2, "big")
        return self.aaguid + length + self.credential_id + self.public_key()

    def public_key(self) -> bytes:
        """Write the public key as COSE."""
        numbers = self.private_key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
