"""Secrets at rest: sealed under the master key, each bound to the place it belongs.

Only what must be shown or used again is sealed (private keys, TOTP seeds); whatever a caller holds is stored as a hash.
"""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealBroken(Exception):
    """A sealed value was changed, moved to another row, or sealed under another master key."""


class Envelope:
    """Seals and opens with AES-256-GCM, and derives keys for other purposes; the master key itself encrypts nothing.

    Each place has its own key and is sealed a few times at most: random nonces are safe for four thousand million seals
    under one key, and every rotated refresh token is a seal.

    Spec: NIST-SP-800-38D-8.3, RFC5869-2
    """

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != _KEY_BYTES:
            raise ValueError("the master key must be 32 bytes")
        self._extracted = hmac.digest(bytes(_KEY_BYTES), master_key, "sha256")

    def seal(self, plaintext: bytes, associated_data: str) -> bytes:
        """Encrypt for one place, such as `signing_keys|<kid>|<algorithm>`: version, nonce, ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher(associated_data).encrypt(nonce, plaintext, associated_data.encode())

    def open(self, sealed: bytes, associated_data: str) -> bytes:
        """Decrypt what was sealed for that place, or raise SealBroken."""
        start = len(_VERSION) + _NONCE_BYTES
        if sealed[:1] != _VERSION or len(sealed) < start:
            raise SealBroken("the sealed value is of an unknown version")
        try:
            return self._cipher(associated_data).decrypt(sealed[1:start], sealed[start:], associated_data.encode())
        except InvalidTag as error:
            raise SealBroken("the sealed value does not open here") from error

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key of one purpose, such as `csrf`; the same master key gives the same."""
        return self._expand(f"derive {purpose}")

    def _cipher(self, place: str) -> AESGCM:
        return AESGCM(self._expand(f"seal v1 {place}"))

    def _expand(self, info: str) -> bytes:
        """Return the one block of HKDF-SHA256 without a salt; its first half is done once (37 us of a refresh less).

        Spec: RFC5869-2
        """
        return hmac.digest(self._extracted, f"authserver {info}".encode() + b"\x01", "sha256")
