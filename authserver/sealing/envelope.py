"""What sealing is, whoever holds the key: a secret is sealed for the one place it belongs to, and opens only there.

Only what must be shown or used again is sealed (private keys, TOTP seeds); whatever a caller holds is stored as a hash.
"""

from typing import Protocol


class SealBroken(Exception):
    """A sealed value was changed, moved to another row, or sealed under another key."""


class Envelope(Protocol):
    """Seals and opens secrets, and derives keys for other purposes; `master_key` has the one that needs a file alone.

    A place is a text such as `signing_keys|<kid>|<algorithm>`. What one envelope sealed, another of the same key opens.
    """

    def seal(self, plaintext: bytes, associated_data: str) -> bytes:
        """Encrypt for one place; the same plaintext gives another value each time."""

    def open(self, sealed: bytes, associated_data: str) -> bytes:
        """Decrypt what was sealed for that place, or raise SealBroken."""

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key of one purpose, such as `csrf`; the same master key gives the same."""
