"""One-time ids: whoever claims one first has it, and no one after.

Serves every value that may be used once: the jti of an assertion, the jti of a DPoP proof.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache

from sqlalchemy import Connection, text

from authserver.db.statement import Statement
from authserver.protocol.errors import OAuthError
from authserver.values import Value


class OneTimeId(Value, frozen=True):
    """A value that may be used once: its hash, until when to remember it, and what refuses whoever comes second."""

    id_hash: bytes
    expires_at: int
    refuse: Callable[[], OAuthError]


def id_hash(namespace: str, *parts: str) -> bytes:
    """Hash an id within its namespace; the parts are framed by length, so ("a", "bc") is not ("ab", "c").

    A lone surrogate, which JSON can carry into a jti, is hashed like any other character.
    """
    digest = hashlib.sha256()
    for part in (namespace, *parts):
        octets = part.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(8, "big"))
        digest.update(octets)
    return digest.digest()


def claim_id(connection: Connection, id_hash: bytes, expires_at: int) -> bool:
    """Claim a one-time id until `expires_at`; answer False if it was claimed before.

    One statement, and the rows it put in decide: of two at the same moment the second waits for the first to commit. A
    claim is final even where its request is refused later, so it is best made after every other check.

    Spec: RFC7523-3-7, RFC9449-11.1
    """
    values = {"id_hash_0": id_hash, "expires_at_0": expires_at}
    return bool(_claim(1).rows(connection, values))


def claim_ids(connection: Connection, ids: Sequence[OneTimeId]) -> frozenset[bytes]:
    """Claim ids in one statement and return those that were free."""
    if not ids:
        return frozenset()
    return frozenset(id_hash for (id_hash,) in _claim(len(ids)).rows(connection, claim_values(ids)))


def claim_values(ids: Sequence[OneTimeId]) -> dict[str, object]:
    """Return the values under which a statement claims ids: `id_hash_0`, `expires_at_0` and so on."""
    values: dict[str, object] = {}
    for place, one in enumerate(ids):
        values[f"id_hash_{place}"] = one.id_hash
        values[f"expires_at_{place}"] = one.expires_at
    return values


@cache
def _claim(ids: int) -> Statement:
    places = ", ".join(f"(:id_hash_{place}, :expires_at_{place})" for place in range(ids))
    return Statement(
        text(
            f"INSERT INTO claimed_ids (id_hash, expires_at) VALUES {places} "  # noqa: S608 - places for parameters alone
            "ON CONFLICT (id_hash) DO NOTHING RETURNING id_hash"
        )
    )
