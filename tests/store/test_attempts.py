import os
from dataclasses import dataclass
from random import Random

import pytest

from authserver.accounts.attempts import Attempts
from authserver.accounts.factors.recovery import codes as recovery
from authserver.accounts.factors.recovery import store as codes
from authserver.accounts.lockout import DEVICE_SECONDS, MAX_FAILURES, MEMORY_SECONDS, MOST_DEVICES, block_seconds
from authserver.accounts.store import attempts as store
from authserver.accounts.store import people
from authserver.db.engine import Database

NOW = 1_700_000_000
DEVICE = "d" * 43


@dataclass
class Model:
    """What the statement must do, written a second time and plainly."""

    failures: int = 0
    blocks: int = 0
    blocked_until: int = 0
    expires_at: int = 0

    def claim(self, now: int) -> bool:
        if now < self.blocked_until:
            return False
        if now >= self.expires_at:
            self.failures = self.blocks = 0
        self.failures = 1 if self.failures >= MAX_FAILURES else self.failures + 1
        self.expires_at = now + MEMORY_SECONDS
        self.blocked_until = 0
        if self.failures == MAX_FAILURES:
            self.blocked_until = now + block_seconds(self.blocks)
            self.blocks += 1
        return True

    def give_back(self) -> None:
        if self.failures >= MAX_FAILURES:
            self.blocks, self.blocked_until = self.blocks - 1, 0
        self.failures = max(0, self.failures - 1)


@pytest.mark.spec("RTS-SCA-4.3")
@pytest.mark.parametrize("seed", range(4))
def test_counting_goes_as_the_rule_says(database: Database, seed: int) -> None:
    attempts, model, dice, now = Attempts(database, b"k" * 32), Model(), Random(seed), NOW  # noqa: S311 - a test's dice
    for _ in range(80):
        now += dice.choice([0, 0, 0, 1, 30, 60, 130, 3601, MEMORY_SECONDS + 1])
        attempt = attempts.claim("alice", "", now)
        assert attempt.allowed == model.claim(now)
        assert attempt.wait_seconds == max(0, model.blocked_until - now)
        if attempt.allowed:
            assert attempt.left == MAX_FAILURES - model.failures
            if dice.random() < 0.3:
                attempts.give_back(attempt)
                model.give_back()


@pytest.mark.spec("RTS-SCA-4.3")
def test_five_failures_block_for_a_minute_and_five_more_for_two(database: Database) -> None:
    attempts = Attempts(database, b"k" * 32)
    assert [attempts.claim("alice", "", NOW).left for _ in range(5)] == [4, 3, 2, 1, 0]
    assert attempts.claim("alice", "", NOW + 59).wait_seconds == 1
    assert attempts.claim("bob", "", NOW).allowed
    assert [attempts.claim("alice", "", NOW + 60).allowed for _ in range(5)] == [True] * 5
    assert not attempts.claim("alice", "", NOW + 60 + 119).allowed
    assert attempts.claim("alice", "", NOW + 60 + 120).allowed


def test_a_right_factor_gives_back_its_own_try_only(database: Database) -> None:
    attempts = Attempts(database, b"k" * 32)
    for _ in range(4):
        attempts.claim("alice", "", NOW)
    for _ in range(3):
        fifth = attempts.claim("alice", "", NOW)
        assert (fifth.allowed, fifth.left) == (True, 0)
        attempts.give_back(fifth)
    assert attempts.claim("alice", "", NOW).wait_seconds == 60
    assert not attempts.claim("alice", "", NOW).allowed


@pytest.mark.spec("RTS-SCA-4.3")
def test_a_stranger_does_not_block_a_known_device_nor_the_device_a_stranger(database: Database) -> None:
    attempts = Attempts(database, b"k" * 32)
    assert attempts.welcome(attempts.claim("alice", DEVICE, NOW), "alice", DEVICE, NOW) == DEVICE
    for _ in range(6):
        attempts.claim("alice", "", NOW)
    assert not attempts.claim("alice", "e" * 43, NOW).allowed, "a cookie of one's own making is a stranger's"
    assert attempts.claim("alice", DEVICE, NOW).allowed
    for _ in range(5):
        attempts.claim("alice", DEVICE, NOW)
    assert not attempts.claim("alice", DEVICE, NOW).allowed
    assert attempts.claim("bob", DEVICE, NOW).allowed


def test_a_device_is_known_for_half_a_year_after_its_last_use_and_only_to_whom_it_served(database: Database) -> None:
    attempts = Attempts(database, b"k" * 32)
    cookie = attempts.welcome(attempts.claim("alice", "", NOW), "alice", "", NOW)
    assert len(cookie) == 43
    assert attempts.welcome(attempts.claim("bob", cookie, NOW), "bob", cookie, NOW) == cookie
    later = NOW + DEVICE_SECONDS - 1
    attempts.welcome(attempts.claim("alice", cookie, later), "alice", cookie, later)
    for name, known in (("alice", True), ("bob", False), ("carol", False)):
        for _ in range(6):
            attempts.claim(name, "", later + 1)
        assert attempts.claim(name, cookie, later + 1).allowed == known


def test_only_the_latest_devices_are_kept_and_all_can_be_forgotten(database: Database) -> None:
    attempts = Attempts(database, b"k" * 32)
    cookies = [attempts.welcome(attempts.claim("alice", "", NOW), "alice", "", NOW + number) for number in range(12)]
    for _ in range(6):
        attempts.claim("alice", "", NOW + 20)
    allowed = [attempts.claim("alice", cookie, NOW + 20).allowed for cookie in cookies]
    assert allowed == [False, False] + [True] * MOST_DEVICES
    with database.transaction() as connection:
        assert store.forget_devices(connection, "alice") == MOST_DEVICES
    assert not attempts.claim("alice", cookies[-1], NOW + 20).allowed


def test_who_tried_is_kept_as_a_keyed_hash_alone(database: Database) -> None:
    one, other = Attempts(database, b"k" * 32), Attempts(database, b"l" * 32)
    assert one.claim("typed|hunter2", "", NOW).counter_hash != other.claim("typed|hunter2", "", NOW).counter_hash
    assert "kkkk" not in repr(one)


@pytest.mark.spec("ASVS5-6.5.1")
def test_a_recovery_code_works_once_for_its_owner_until_the_set_is_replaced(database: Database) -> None:
    with database.transaction() as connection:
        alice, bob = (people.create(connection, name, {}, None, NOW) for name in ("alice", "bob"))
        assert alice is not None
        assert bob is not None
        texts = recovery.new_codes(os.urandom)
        assert len(set(texts)) == 10
        recovery.replace_codes(connection, alice.account_id, texts, NOW)
        assert codes.count_left(connection, alice.account_id) == 10
        assert recovery.use_code(connection, bob.account_id, texts[0], NOW).outcome == "wrong_code"
        assert recovery.use_code(connection, alice.account_id, texts[0].lower().replace("-", " "), NOW)
        assert recovery.use_code(connection, alice.account_id, texts[0], NOW).outcome == "wrong_code"
        assert recovery.use_code(connection, alice.account_id, "x" * 5000, NOW).outcome == "malformed"
        assert codes.count_left(connection, alice.account_id) == 9
        recovery.replace_codes(connection, alice.account_id, recovery.new_codes(os.urandom), NOW)
        assert recovery.use_code(connection, alice.account_id, texts[1], NOW).outcome == "wrong_code"
        assert codes.count_left(connection, alice.account_id) == 10
        people.lock(connection, alice.account_id, NOW)
        assert recovery.use_code(connection, alice.account_id, texts[2], NOW).outcome == "locked"
        assert codes.remove_all(connection, alice.account_id) == 10
