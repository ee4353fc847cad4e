"""The signing keys in the database: the statements, and the two acts made of them, provisioning and rotation."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from authserver.db.statement import Statement
from authserver.db.tables.keys import archived_keys, signing_keys
from authserver.keys.at_rest import make_key
from authserver.keys.model import ARCHIVED, StoredKey
from authserver.keys.rotation import RotationPolicy, RotationStep, lacking, plan_rotation
from authserver.sealing.envelope import Envelope

_COLUMNS = (
    signing_keys.c.kid,
    signing_keys.c.algorithm,
    signing_keys.c.public_jwk,
    signing_keys.c.sealed_private_jwk,
    signing_keys.c.state,
    signing_keys.c.created_at,
    signing_keys.c.signs_from,
    signing_keys.c.retired_at,
)
_FIND_ALL = Statement(select(*_COLUMNS).order_by(signing_keys.c.created_at, signing_keys.c.kid))
_INSERT = insert(signing_keys)
_UPDATE_STATE = (
    update(signing_keys)
    .where(signing_keys.c.kid == bindparam("key_id"), signing_keys.c.state == bindparam("state_before"))
    .values(state=bindparam("state_after"), retired_at=bindparam("retired_since"))
)
_KEPT = ("kid", "algorithm", "public_jwk", "created_at", "signs_from", "retired_at")
_FIND_ARCHIVED = Statement(
    select(*(archived_keys.c[name] for name in _KEPT)).order_by(archived_keys.c.created_at, archived_keys.c.kid)
)
_ARCHIVE = insert(archived_keys).from_select(
    _KEPT, select(*(signing_keys.c[name] for name in _KEPT)).where(signing_keys.c.kid == bindparam("key_id"))
)
_FORGET = delete(archived_keys).where(archived_keys.c.kid == bindparam("key_id"))
_DELETE = delete(signing_keys).where(signing_keys.c.kid == bindparam("key_id"))


def find_all(connection: Connection) -> tuple[StoredKey, ...]:
    """Return every key that signs, will sign or is still published, oldest first."""
    return tuple(StoredKey(*row) for row in _FIND_ALL.rows(connection, {}))


def find_archived(connection: Connection) -> tuple[StoredKey, ...]:
    """Return the public halves of keys that are published no more, oldest first."""
    return tuple(
        StoredKey(kid, algorithm, public_jwk, b"", ARCHIVED, created_at, signs_from, retired_at)
        for kid, algorithm, public_jwk, created_at, signs_from, retired_at in _FIND_ARCHIVED.rows(connection, {})
    )


def insert_key(connection: Connection, key: StoredKey) -> None:
    """Record a new key."""
    values = {column.name: getattr(key, column.name) for column in _COLUMNS}
    connection.execute(_INSERT, values)


def update_state(connection: Connection, key: StoredKey, state: str, now: int) -> bool:
    """Move a key from the state it was read in to the next; False if someone else has moved it first."""
    values = {
        "key_id": key.kid,
        "state_before": key.state,
        "state_after": state,
        "retired_since": now if state == "retired" else None,
    }
    return connection.execute(_UPDATE_STATE, values).rowcount == 1


def delete_key(connection: Connection, kid: str) -> None:
    """Forget a key, in the archive too: nothing it signed is believed from here on."""
    connection.execute(_DELETE, {"key_id": kid})
    connection.execute(_FORGET, {"key_id": kid})


def archive_key(connection: Connection, kid: str) -> None:
    """Destroy the private half of a key and keep the public one, by which what it signed can be checked for ever.

    Spec: OIDCC-3.1.2.1, RFC9701-5
    """
    connection.execute(_ARCHIVE, {"key_id": kid})
    connection.execute(_DELETE, {"key_id": kid})


def provision_keys(connection: Connection, envelope: Envelope, algorithms: Iterable[str], now: int) -> tuple[str, ...]:
    """Make the first key of each algorithm that has none signing, and return the kids of those made.

    Safe to repeat; after a key was retired by hand this replaces it at once. Should two servers provision at the same
    moment both keys are published and `rotation.signing_key` picks the same one on both.
    """
    keys = find_all(connection)
    made = [make_key(algorithm, envelope, "signing", now, now) for algorithm in lacking(keys, algorithms)]
    for key in made:
        insert_key(connection, key)
    return tuple(key.kid for key in made)


def rotate_keys(
    connection: Connection, envelope: Envelope, policy: RotationPolicy, now: int, needed: Iterable[str] = ()
) -> tuple[RotationStep, ...]:
    """Do what is due, and return it; `needed` are the algorithms that there must be a key for.

    Each move names the state it starts from, so of two servers rotating at once the second changes nothing.
    """
    keys = {key.kid: key for key in find_all(connection)}
    steps = plan_rotation(tuple(keys.values()), now, policy, needed)
    for step in steps:
        if step.action == "make":
            insert_key(connection, make_key(step.algorithm, envelope, "signing", now, now))
        elif step.action == "announce":
            insert_key(connection, make_key(step.algorithm, envelope, "announced", now, now + policy.announced_seconds))
        elif step.action == "remove":
            archive_key(connection, step.kid)
        else:
            update_state(connection, keys[step.kid], "signing" if step.action == "sign" else "retired", now)
    return steps
