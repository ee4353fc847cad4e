"""The correlation id: one per request, on every answer, in every log line."""

import secrets

HEADER = "X-Correlation-Id"


def new_correlation_id() -> str:
    """Return 128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)
