"""What a passkey signs for a payment: one hash over everything that was approved, framed so that nothing can shift.

The layout is part of the proof's format: `docs/payment-proof.md` gives it byte by byte.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import rfc8785

from authserver.banking.text import LATEST

DOMAIN_TAGS: Final[Mapping[int, bytes]] = {
    1: b"authserver/payment-approval/v1",
    2: b"authserver/payment-approval/v2",
}
"""What stands first in what is hashed, by the version of the text: one version is never taken for the other."""

NONCE_BYTES: Final = 32
_LENGTH_BYTES: Final = 8


def payment_challenge(
    nonce: bytes, client_id: str, text: str, payment: Mapping[str, Any], version: int = LATEST
) -> bytes:
    """Return the WebAuthn challenge of one approval: the same for the same values, for no others.

    Raises ValueError for a nonce of another length, and for values that have no canonical form.

    Spec: RTS-SCA-5.1, RTS-SCA-4.2, RFC8785-3.2
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"the nonce must be {NONCE_BYTES} bytes")
    parts = (DOMAIN_TAGS[version], nonce, client_id.encode(), text_hash(text), canonical_payment(payment))
    return hashlib.sha256(b"".join(_framed(part) for part in parts)).digest()


def text_hash(text: str) -> bytes:
    """Return the SHA-256 of the text shown."""
    return hashlib.sha256(text.encode()).digest()


def canonical_payment(payment: Mapping[str, Any]) -> bytes:
    """Return the one sequence of bytes that stands for a payment; raises ValueError where it has none.

    Spec: RFC8785-3.2
    """
    return rfc8785.dumps(dict(payment))


def _framed(part: bytes) -> bytes:
    """Put a length before a part, so that no two lists of parts make the same bytes."""
    return len(part).to_bytes(_LENGTH_BYTES, "big") + part
