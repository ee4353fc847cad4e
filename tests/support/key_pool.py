"""The signing keys of every test deployment: made once for a run, since an RSA key takes longer than most tests.

The first worker that needs them makes them, and the others read what it wrote. They are sealed under the one master
key of test deployments. Tests of how keys are made, rotated and retired make their own.
"""

import base64
import fcntl
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from authserver.keys.at_rest import make_key
from authserver.keys.model import StoredKey
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.values import replace
from tests.support.run_directory import run_directory

MASTER_KEY = bytes(range(32))
ALGORITHMS = ("ES256", "PS256", "Ed25519", "RS256")


def pooled_keys(now: int) -> Iterable[StoredKey]:
    """Return a signing key of each algorithm, that signs since a moment."""
    return [replace(key, created_at=now, signs_from=now) for key in _keys()]


@cache
def _keys() -> tuple[StoredKey, ...]:
    kept = run_directory() / "signing_keys.json"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _make(kept)
    return tuple(_read(members) for members in json.loads(kept.read_text(encoding="utf-8")))


def _make(kept: Path) -> None:
    envelope = MasterKeyEnvelope(MASTER_KEY)
    made = [make_key(algorithm, envelope, "signing", 0, 0) for algorithm in ALGORITHMS]
    rows = [{**asdict(key), "sealed_private_jwk": base64.b64encode(key.sealed_private_jwk).decode()} for key in made]
    kept.write_text(json.dumps(rows), encoding="utf-8")


def _read(members: dict[str, Any]) -> StoredKey:
    return StoredKey(**{**members, "sealed_private_jwk": base64.b64decode(members["sealed_private_jwk"])})
