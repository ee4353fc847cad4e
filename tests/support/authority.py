"""Certificates for tests: the demo's authority, and names made from what a test wants to say."""

import time

from authserver.sandbox.authority import (
    Authority,
    CertificateWithKey,
    common_name,
    create_authority,
    load_credential,
    self_signed,
)

__all__ = [
    "NOW",
    "Authority",
    "CertificateWithKey",
    "common_name",
    "create_authority",
    "load_credential",
    "self_signed",
]

NOW = int(time.time())
"""The start of the run: TLS compares certificates with the machine's own clock, so a fixed date would not do."""
