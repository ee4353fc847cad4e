import os
import sys
import threading
import time

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from authserver.accounts.factors.password.hashing import (
    DUMMY_PASSWORD_HASH,
    MAX_PASSWORD_BYTES,
    PasswordPool,
    hash_password,
    needs_rehash,
    verify_password,
)
from authserver.protocol.errors import TemporarilyUnavailable
from tests.support.programs import skip_or_fail

pytestmark = pytest.mark.production_hashing

SALT = b"0123456789abcdef"
PASSWORD = "correct-horse-battery-staple"
HASH = hash_password(PASSWORD, SALT)


@pytest.mark.spec("ASVS5-11.4.2")
def test_a_hash_is_argon2id_with_the_chosen_parameters_and_its_salt() -> None:
    assert HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$")
    assert PASSWORD not in HASH


@pytest.mark.spec("ASVS5-6.2.8")
@pytest.mark.parametrize(
    "typed", ["", PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], PASSWORD + "\x00", PASSWORD.replace("-", "\u2010")]
)
def test_a_password_is_verified_exactly_as_typed(typed: str) -> None:
    assert verify_password(PASSWORD, HASH)
    assert not verify_password(typed, HASH)


def test_a_password_is_not_cut_at_any_length_that_is_allowed() -> None:
    longest = "x" * MAX_PASSWORD_BYTES
    longest_hash = hash_password(longest, SALT)
    assert verify_password(longest, longest_hash)
    assert not verify_password(longest[:-1] + "y", longest_hash)


def test_a_password_longer_than_anyones_is_wrong_even_if_its_beginning_is_right() -> None:
    longest_hash = hash_password("x" * MAX_PASSWORD_BYTES, SALT)
    assert not verify_password("x" * (MAX_PASSWORD_BYTES + 1), longest_hash)
    assert not verify_password("é" * MAX_PASSWORD_BYTES, longest_hash)


def test_a_lone_surrogate_is_a_wrong_password_and_no_failure() -> None:
    assert not verify_password("\ud800" + PASSWORD, HASH)


@pytest.mark.parametrize("broken", ["", "x", "$argon2id$", HASH[:-4], HASH + "=", HASH.replace("argon2id", "argon2i")])
def test_a_broken_hash_lets_nobody_in(broken: str) -> None:
    assert not verify_password(PASSWORD, broken)


@pytest.mark.parametrize("typed", [PASSWORD, "", "x" * (MAX_PASSWORD_BYTES + 1)])
def test_without_a_hash_every_password_is_wrong(typed: str) -> None:
    assert not verify_password(typed, None)


def _work(password: str, password_hash: str | None) -> float:
    """Measure the processor time of a verification: the least of three, so that a busy machine changes nothing."""
    figures = []
    for _ in range(3):
        before = time.thread_time()
        verify_password(password, password_hash)
        figures.append(time.thread_time() - before)
    return min(figures)


@pytest.mark.spec("ASVS5-6.3.8")
@pytest.mark.parametrize(
    ("typed", "password_hash"), [("wrong", None), ("", None), ("x" * 5000, None), ("x" * 5000, HASH), ("wrong", HASH)]
)
def test_every_refusal_takes_the_work_of_a_right_password(typed: str, password_hash: str | None) -> None:
    assert 0.5 < _work(typed, password_hash) / _work(PASSWORD, HASH) < 2


@pytest.mark.spec("ASVS5-6.3.8")
def test_the_dummy_hash_has_the_parameters_of_a_real_one() -> None:
    assert not needs_rehash(DUMMY_PASSWORD_HASH)
    assert DUMMY_PASSWORD_HASH.split("$")[:4] == HASH.split("$")[:4]


def test_a_hash_of_today_is_kept_and_any_other_is_renewed() -> None:
    assert not needs_rehash(HASH)
    weaker = Argon2id(salt=SALT, length=32, iterations=1, lanes=1, memory_cost=19456).derive_phc_encoded(b"x" * 8)
    shorter = Argon2id(salt=SALT, length=16, iterations=2, lanes=1, memory_cost=19456).derive_phc_encoded(b"x" * 8)
    assert needs_rehash(weaker)
    assert needs_rehash(shorter)
    assert verify_password("x" * 8, weaker)


def test_what_could_never_be_verified_is_not_hashed() -> None:
    with pytest.raises(ValueError, match="longer"):
        hash_password("x" * (MAX_PASSWORD_BYTES + 1), SALT)
    with pytest.raises(ValueError, match="salt"):
        hash_password(PASSWORD, b"short")


def test_the_pool_hashes_and_verifies() -> None:
    pool = PasswordPool()
    assert pool.verify(PASSWORD, pool.hash(PASSWORD, SALT))
    assert not pool.verify("other", HASH)
    assert not pool.verify(PASSWORD, None)
    assert pool.hashes_computed == 4


def _attempts(pool: PasswordPool, count: int) -> list[str]:
    outcomes: list[str] = []
    gate = threading.Barrier(count)

    def attempt() -> None:
        gate.wait()
        try:
            outcomes.append(str(pool.verify(PASSWORD, HASH)))
        except TemporarilyUnavailable as refusal:
            outcomes.append(refusal.reason)

    threads = [threading.Thread(target=attempt) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_a_caller_that_cannot_get_a_place_in_time_is_sent_away() -> None:
    pool = PasswordPool(1, wait_seconds=0.001)
    assert _attempts(pool, 2) == ["True", "no place to hash a password became free in time"]
    assert pool.verify(PASSWORD, HASH)


def test_a_caller_beyond_the_waiting_room_is_sent_away_at_once() -> None:
    pool = PasswordPool(1, max_waiting=0, wait_seconds=60)
    assert _attempts(pool, 2) == ["True", "too many sign-ins are waiting for a place to hash a password"]
    assert pool.verify(PASSWORD, HASH)


def test_those_who_wait_get_their_turn() -> None:
    assert _attempts(PasswordPool(1, max_waiting=3, wait_seconds=60), 4) == ["True"] * 4


def test_whoever_only_asks_for_room_takes_none() -> None:
    pool = PasswordPool(1, max_waiting=0)
    pool.check_room()
    pool.check_room()
    assert pool.verify(PASSWORD, HASH)
    assert pool.hashes_computed == 1


def test_a_hash_lets_others_have_the_processor_first(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        skip_or_fail("a thread has a priority of its own on Linux alone")
    seen = []

    def note(*_: object) -> bool:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return True

    monkeypatch.setattr("authserver.accounts.factors.password.hashing.verify_password", note)
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert PasswordPool(1).verify(PASSWORD, HASH)
    assert seen == [min(19, mine + 10)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == mine


def test_a_failure_gives_its_place_back() -> None:
    pool = PasswordPool(1, max_waiting=0, wait_seconds=0.01)
    with pytest.raises(ValueError, match="salt"):
        pool.hash(PASSWORD, b"")
    assert pool.verify(PASSWORD, HASH)


@pytest.mark.parametrize("figures", [(0, 1, 1.0), (1, -1, 1.0), (1, 1, 0.0)])
def test_a_pool_that_could_never_serve_is_refused(figures: tuple[int, int, float]) -> None:
    places, max_waiting, wait_seconds = figures
    with pytest.raises(ValueError, match="pool"):
        PasswordPool(places, max_waiting=max_waiting, wait_seconds=wait_seconds)
