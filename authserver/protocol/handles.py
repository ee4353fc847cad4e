"""What callers hold: 32 random bytes, of which the SHA-256 is kept."""

import hashlib
import secrets


def new_handle() -> str:
    """Return 256 random bits as 43 characters.

    Spec: RFC6749-10.10, RFC9126-7.1, FAPI2-SP-FINAL-5.4.1-4, RFC6749-10.3, RFC7009-5
    """
    return secrets.token_urlsafe(32)


def hash_handle(handle: str) -> bytes:
    """Return the SHA-256 under which a code, token or reference is stored.

    Spec: RFC6749-10.3
    """
    return hashlib.sha256(handle.encode("utf-8", "surrogatepass")).digest()
