"""The master key's file: 32 random bytes in base64, readable by the server alone."""

import base64
import binascii
import os
import secrets
from pathlib import Path

MASTER_KEY_BYTES = 32


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
