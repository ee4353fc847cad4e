"""The master key: its file (32 random bytes in base64, readable by the server alone), and what is sealed under it."""

import base64
import binascii
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from authserver.sealing.envelope import SealBroken

MASTER_KEY_BYTES = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12


def read_master_key(path: Path) -> bytes:
    """Return the master key; raises ValueError where the file is missing or holds no 32 bytes in base64."""
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except (OSError, binascii.Error):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError("a readable file of 32 bytes in base64")
    return key


def create_master_key(path: Path) -> bool:
    """Write a new master key for its owner alone to read; return False, and change nothing, where there is a file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)) + b"\n")
    return True


class MasterKeyEnvelope:
    """Seals and opens with AES-256-GCM, and derives keys for other purposes; the master key itself encrypts nothing.

    Each place has its own key and is sealed a few times at most: random nonces are safe for four thousand million seals
    under one key, and every rotated refresh token is a seal.

    Spec: NIST-SP-800-38D-8.3, RFC5869-2
    """

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != MASTER_KEY_BYTES:
            raise ValueError("the master key must be 32 bytes")
        self._extracted = hmac.digest(bytes(MASTER_KEY_BYTES), master_key, "sha256")

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
