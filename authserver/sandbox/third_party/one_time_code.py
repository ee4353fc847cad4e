"""The code that a person's authenticator app shows, computed as that app does."""

import base64
import hashlib
import hmac

STEP_SECONDS = 30
_DIGITS = 6


def one_time_code(seed: str, now: int) -> str:
    """Return the six digits of a base32 seed at a moment."""
    secret = base64.b32decode(seed + "=" * (-len(seed) % 8))
    digest = hmac.digest(secret, (now // STEP_SECONDS).to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"
