"""Many claim one id at the same moment: exactly one has it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from authserver.db.engine import Database
from authserver.db.one_time_ids import claim_id, id_hash
from authserver.protocol.errors import InvalidGrant

_THREADS = 6
_ROUNDS = 10


def _claims(database: Database, number: int) -> list[bool]:
    barrier = threading.Barrier(_THREADS)

    def claim() -> bool:
        barrier.wait()
        with database.transaction() as connection:
            return claim_id(connection, id_hash("race", str(number)), 100)

    with ThreadPoolExecutor(_THREADS) as pool:
        return [outcome.result() for outcome in [pool.submit(claim) for _ in range(_THREADS)]]


@pytest.mark.spec("RFC7523-3-7", "RFC9449-11.1")
def test_exactly_one_of_many_claims_wins(database: Database) -> None:
    for number in range(_ROUNDS):
        assert sorted(_claims(database, number)) == [False] * (_THREADS - 1) + [True]


def _second_claim(database: Database, failure: Exception) -> bool:
    """Claim while another thread has claimed and not yet ended; it then ends with the failure."""
    claimed, one = threading.Event(), id_hash("race", "second")

    def first() -> None:
        with database.transaction() as connection:
            claim_id(connection, one, 100)
            claimed.set()
            waiting.wait(0.2)
            raise failure

    waiting = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(first)
        claimed.wait()
        with database.transaction() as connection:
            won = claim_id(connection, one, 100)
        assert outcome.exception() is failure
    return won


def test_a_claim_waits_for_the_one_before_it_and_loses_to_a_refused_request(database: Database) -> None:
    assert not _second_claim(database, InvalidGrant("Refused.", clause="RFC6749-5.2"))


def test_a_claim_waits_for_the_one_before_it_and_wins_over_a_failed_request(database: Database) -> None:
    assert _second_claim(database, ArithmeticError())
