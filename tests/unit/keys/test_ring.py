"""The signing keys in memory."""

import json
from collections.abc import Callable
from threading import Event
from time import monotonic

import pytest

from authserver.keys.at_rest import make_key
from authserver.keys.model import StoredKey
from authserver.keys.ring import KeyRing, assemble_keys
from authserver.keys.verifier import verify_jwt
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.sealing.envelope import SealBroken
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.values import replace

ENVELOPE = MasterKeyEnvelope(bytes(32))
SIGNING = make_key("ES256", ENVELOPE, "signing", 10, 10)
ANNOUNCED = make_key("ES256", ENVELOPE, "announced", 20, 100)
RETIRED = replace(make_key("ES256", ENVELOPE, "retired", 0, 0), retired_at=10)


class Table:
    """Stands for the database: rows to be changed, reads to be counted, and an outage on demand."""

    def __init__(self, *rows: StoredKey) -> None:
        self.rows = rows
        self.reads = 0
        self.down = False
        self.hang: Callable[[float], object] = lambda _seconds: None
        self.now = 1000
        self.ring = KeyRing(self.load, ENVELOPE, lambda: self.now)

    def load(self) -> tuple[StoredKey, ...]:
        self.reads += 1
        self.hang(10.0)
        if self.down:
            raise TemporarilyUnavailable("Away.", clause="RFC6749-5.2")
        return self.rows


def test_the_database_is_asked_every_other_second_at_most() -> None:
    table = Table(SIGNING)
    first = table.ring.current()
    table.now += 1
    assert table.ring.current() is first
    assert table.reads == 1
    table.now += 1
    assert table.ring.current() is first, "unchanged rows are not opened again"
    assert table.reads == 2


def test_a_rotation_elsewhere_is_seen() -> None:
    table = Table(SIGNING)
    old = table.ring.current().signer_for("ES256")
    table.rows = (replace(SIGNING, state="retired"), replace(ANNOUNCED, state="signing"))
    table.now += 2
    keys = table.ring.current()
    assert keys.signer_for("ES256").kid == ANNOUNCED.kid
    token = old.sign({}, typ="JWT")
    assert verify_jwt(token, keys.verification, algorithms=frozenset({"ES256"}), types=None), (
        "retired is still believed"
    )


def test_a_clock_set_back_does_not_freeze_the_ring() -> None:
    table = Table(SIGNING)
    table.ring.current()
    table.now -= 500
    table.ring.current()
    assert table.reads == 2


def test_the_last_keys_serve_while_the_database_is_away() -> None:
    table = Table(SIGNING)
    first = table.ring.current()
    table.now += 10
    table.down = True
    assert table.ring.current() is first


def test_without_any_key_yet_an_outage_shows() -> None:
    table = Table(SIGNING)
    table.down = True
    with pytest.raises(TemporarilyUnavailable):
        table.ring.current()


@pytest.mark.spec("OIDCC-10.1.1")
def test_announced_and_retired_keys_are_published_but_do_not_sign() -> None:
    ring = Table(RETIRED, SIGNING, ANNOUNCED).ring
    assert [key["kid"] for key in json.loads(ring.jwks().body)["keys"]] == [SIGNING.kid, ANNOUNCED.kid, RETIRED.kid]
    assert ring.current().signer_for("ES256").kid == SIGNING.kid


@pytest.mark.parametrize("rows", [(), (ANNOUNCED,), (RETIRED,)])
def test_without_a_signing_key_there_is_nothing_to_serve(rows: tuple[StoredKey, ...]) -> None:
    with pytest.raises(LookupError):
        Table(*rows).ring.current()


def test_a_wrong_master_key_is_noticed() -> None:
    with pytest.raises(SealBroken):
        assemble_keys([SIGNING], MasterKeyEnvelope(b"x" * 32))


def test_without_es256_another_algorithm_is_the_default() -> None:
    assert assemble_keys([make_key("Ed25519", ENVELOPE, "signing", 0, 0)], ENVELOPE).default_algorithm == "Ed25519"


def test_nobody_waits_for_a_database_that_hangs() -> None:
    table, answers = Table(SIGNING), Event()
    first = table.ring.current()
    table.now += 2
    table.hang = answers.wait
    began = monotonic()
    try:
        assert all(table.ring.current() is first for _ in range(20))
        assert monotonic() - began < 2
        assert table.reads == 2, "one look-up at a time"
    finally:
        answers.set()
