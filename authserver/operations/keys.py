"""Acts on the keys that sign."""

from collections.abc import Iterable
from typing import Any

from authserver.db.engine import Connection
from authserver.events import catalogue as kinds
from authserver.keys import store
from authserver.keys.model import ARCHIVED, StoredKey
from authserver.keys.rotation import RotationPolicy, RotationStep
from authserver.operations.acts import ProvisionKeys, RetireCompromisedKey, RetireKey, RotateKeys
from authserver.operations.context import OperationContext
from authserver.operations.refusals import ChangedMeanwhile, KeyNotFound, KeyRetiredAlready
from authserver.profiles.catalogue import signing_algorithms

_RETIRED = "retired"


def provision_keys(task: OperationContext[ProvisionKeys]) -> tuple[str, ...]:
    """Make the first key of each algorithm that has none signing; return the kids of new keys.

    Spec: OIDCC-15.1
    """
    envelope = task.parts.open_envelope()
    with task.transaction() as connection:
        kids = store.provision_keys(connection, envelope, signing_algorithms(task.parts.rules.profiles), task.now)
        _record_new(connection, task, kids)
    return kids


def rotate_keys(task: OperationContext[RotateKeys]) -> tuple[RotationStep, ...]:
    """Do what is due, and return it."""
    envelope, needed = task.parts.open_envelope(), signing_algorithms(task.parts.rules.profiles)
    with task.transaction() as connection:
        steps = store.rotate_keys(connection, envelope, RotationPolicy(), task.now, needed)
        for step in steps:
            detail = {"kid": step.kid, "action": step.action, "algorithm": step.algorithm}
            task.record(connection, task.event(kinds.KEY_ROTATED, **detail))
    return steps


def retire_key(task: OperationContext[RetireKey]) -> None:
    """Stop signing with a key; what it signed before can still be checked."""
    envelope = task.parts.open_envelope()
    with task.transaction() as connection:
        key = _find(connection, task.act.kid)
        if _is_over(key):
            raise KeyRetiredAlready(key.kid)
        _retire(connection, key, task.now)
        task.record(connection, task.event(kinds.KEY_RETIRED, kid=key.kid))
        _record_new(connection, task, store.provision_keys(connection, envelope, (key.algorithm,), task.now))


def retire_compromised_key(task: OperationContext[RetireCompromisedKey]) -> None:
    """Stop signing with a key, and believing what it signed."""
    envelope = task.parts.open_envelope()
    with task.transaction() as connection:
        key = _find(connection, task.act.kid)
        store.delete_key(connection, key.kid)
        task.record(connection, task.event(kinds.KEY_COMPROMISED, kid=key.kid))
        if not _is_over(key):
            _record_new(connection, task, store.provision_keys(connection, envelope, (key.algorithm,), task.now))


def _record_new(connection: Connection, task: OperationContext[Any], kids: Iterable[str]) -> None:
    for kid in kids:
        task.record(connection, task.event(kinds.KEY_MADE, kid=kid))


def _find(connection: Connection, kid: str) -> StoredKey:
    known = (*store.find_all(connection), *store.find_archived(connection))
    found = next((key for key in known if key.kid == kid), None)
    if found is None:
        raise KeyNotFound(kid)
    return found


def _is_over(key: StoredKey) -> bool:
    return key.state in {_RETIRED, ARCHIVED}


def _retire(connection: Connection, key: StoredKey, now: int) -> None:
    """Move a key on from the state it was seen in: one that a rotation has moved meanwhile signs on, and we say so."""
    if not store.update_state(connection, key, _RETIRED, now):
        raise ChangedMeanwhile(key.kid)
