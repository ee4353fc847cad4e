"""The signing keys in the database, from the first provisioning to the last removal."""

import json

import pytest

from authserver.db.engine import Database
from authserver.keys.ring import KeyRing
from authserver.keys.rotation import RotationPolicy
from authserver.keys.store import find_all, insert_key, provision_keys, rotate_keys, update_state
from authserver.keys.verifier import verify_jwt
from authserver.sealing.master_key import MasterKeyEnvelope

ENVELOPE = MasterKeyEnvelope(bytes(32))
POLICY = RotationPolicy(signing_seconds=1000, announced_seconds=100, retired_seconds=50)
ES256 = frozenset({"ES256"})


def provision(database: Database, now: int, *algorithms: str) -> tuple[str, ...]:
    with database.transaction() as connection:
        return provision_keys(connection, ENVELOPE, algorithms, now)


def rotate(database: Database, now: int) -> list[str]:
    with database.transaction() as connection:
        return [step.action for step in rotate_keys(connection, ENVELOPE, POLICY, now)]


def states(database: Database) -> list[str]:
    with database.read() as connection:
        return [key.state for key in find_all(connection)]


def ring(database: Database, now: int) -> KeyRing:
    def load() -> tuple[object, ...]:
        with database.read() as connection:
            return find_all(connection)

    return KeyRing(load, ENVELOPE, lambda: now)  # type: ignore[arg-type]  # rows are what the store returns


def test_keys_are_provisioned_once(database: Database) -> None:
    assert len(provision(database, 0, "ES256", "Ed25519")) == 2
    assert provision(database, 1, "ES256", "Ed25519") == ()
    assert ring(database, 1).current().algorithms() == {"ES256", "Ed25519"}


@pytest.mark.spec("OIDCC-10.1.1")
def test_a_key_lives_from_announcement_to_removal(database: Database) -> None:
    provision(database, 0, "ES256")
    assert rotate(database, 999) == []
    assert rotate(database, 1000) == ["announce"]
    assert sorted(states(database)) == ["announced", "signing"]
    old = ring(database, 1000).current().signer_for("ES256")
    assert rotate(database, 1099) == []
    assert rotate(database, 1100) == ["sign", "retire"]
    keys = ring(database, 1100).current()
    assert keys.signer_for("ES256").kid != old.kid
    token = old.sign({}, typ="JWT")
    assert verify_jwt(token, keys.verification, algorithms=ES256, types=None)
    assert rotate(database, 1149) == []
    assert rotate(database, 1150) == ["remove"]
    assert old.kid not in ring(database, 1150).current().verification.kids()


def test_a_key_retired_by_hand_is_replaced_at_once(database: Database) -> None:
    (kid,) = provision(database, 0, "ES256")
    with database.transaction() as connection:
        (key,) = find_all(connection)
        assert update_state(connection, key, "retired", 5)
    assert provision(database, 6, "ES256") != ()
    assert ring(database, 6).current().signer_for("ES256").kid != kid


def test_of_two_who_move_a_key_the_second_changes_nothing(database: Database) -> None:
    provision(database, 0, "ES256")
    with database.transaction() as connection:
        (key,) = find_all(connection)
        assert update_state(connection, key, "retired", 5)
        assert not update_state(connection, key, "retired", 9)
        (retired,) = find_all(connection)
    assert (retired.state, retired.retired_at) == ("retired", 5)


def test_a_row_comes_back_as_it_went_in(database: Database) -> None:
    provision(database, 7, "ES256")
    with database.transaction() as connection:
        (key,) = find_all(connection)
    assert (key.algorithm, key.state, key.created_at, key.signs_from, key.retired_at) == (
        "ES256",
        "signing",
        7,
        7,
        None,
    )
    assert json.loads(key.public_jwk).keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert b'"d"' not in key.sealed_private_jwk


def test_two_keys_of_one_name_cannot_be(database: Database) -> None:
    provision(database, 0, "ES256")
    with database.read() as connection:
        (key,) = find_all(connection)
    with pytest.raises(Exception, match=r"(?i)unique"), database.transaction() as connection:
        insert_key(connection, key)
