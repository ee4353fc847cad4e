"""One-time ids: whoever claims one first has it, and no one after.

Serves every value that may be used once: the jti of an assertion, the jti of a DPoP proof.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, TextClause, text

from authserver.protocol.errors import OAuthError


@dataclass(frozen=True, slots=True)
class OneTimeId:
    """A value that may be used once: its hash, until when to remember it, and the refusal of whoever comes second."""

    id_hash: bytes
    expires_at: int
    refusal: OAuthError


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
    return id_hash in _claim(connection, {id_hash: expires_at})


def claim_all(connection: Connection, ids: Sequence[OneTimeId]) -> None:
    """Claim the one-time ids of one request, in one statement.

    Raises the refusal of the first that was claimed before; those beside it are then claimed all the same, as they
    came with a request that is refused. Every caller names its ids in the same order, so no two wait for each other.

    Spec: RFC7523-3-7, RFC9449-11.1
    """
    if not ids:
        return
    claimed = _claim(connection, {one.id_hash: one.expires_at for one in ids})
    for one in ids:
        if one.id_hash not in claimed:
            raise one.refusal


def _claim(connection: Connection, expiries: Mapping[bytes, int]) -> frozenset[bytes]:
    """Put in the ids that are not there yet and return those."""
    parameters: dict[str, object] = {}
    for place, (id_hash, expires_at) in enumerate(expiries.items()):
        parameters |= {f"id_hash_{place}": id_hash, f"expires_at_{place}": expires_at}
    return frozenset(connection.execute(_insertion(len(expiries)), parameters).scalars())


@cache
def _insertion(rows: int) -> TextClause:
    # Text, which both dialects read alike: SQLAlchemy would compile an INSERT of several rows anew each time.
    places = ", ".join(f"(:id_hash_{place}, :expires_at_{place})" for place in range(rows))
    return text(
        f"INSERT INTO claimed_ids (id_hash, expires_at) VALUES {places} "  # noqa: S608 - places for parameters alone
        "ON CONFLICT (id_hash) DO NOTHING RETURNING id_hash"
    )
