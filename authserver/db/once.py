"""One-time ids: whoever claims one first has it, and no one after.

Serves every value that may be used once: the jti of an assertion, the jti of a DPoP proof.
"""

import hashlib

from sqlalchemy import Connection

from authserver.db.engine import DIALECTS
from authserver.db.tables import claimed_ids
from authserver.db.upsert import insert_for

_CLAIM = {
    dialect: insert_for(dialect, claimed_ids).on_conflict_do_nothing(index_elements=["id_hash"]) for dialect in DIALECTS
}


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

    One statement, and its row count decides: of two at the same moment the second waits for the first to commit. A
    claim is final even where its request is refused later, so it is best made after every other check.

    Spec: RFC7523-3-7, RFC9449-11.1
    """
    statement = _CLAIM[connection.dialect.name]
    return connection.execute(statement, {"id_hash": id_hash, "expires_at": expires_at}).rowcount == 1
