import os
import threading
import time

import pytest

from authserver.accounts.attempts import Attempts
from authserver.accounts.factors.recovery import codes as recovery
from authserver.accounts.store import people
from authserver.db.engine import Database
from tests.support.races import at_once

NOW = 1_700_000_000
THREADS = 50


@pytest.mark.spec("RTS-SCA-4.3")
def test_fifty_wrong_codes_at_once_cost_five_tries(database: Database) -> None:
    attempts, verified, lock = Attempts(database, b"k" * 32), [0], threading.Lock()

    def guess() -> bool:
        attempt = attempts.claim("alice", "", NOW)
        if attempt.allowed:
            time.sleep(0.01)  # the verification that the others would overtake, were it counted after
            with lock:
                verified[0] += 1
        return attempt.allowed

    outcomes = at_once([guess] * THREADS)
    assert (sum(outcomes), verified[0]) == (5, 5)
    assert attempts.claim("alice", "", NOW).wait_seconds == 60


@pytest.mark.spec("RTS-SCA-4.3")
def test_fifty_guesses_with_right_passwords_between_them_cost_no_more_than_five_wrong_ones(database: Database) -> None:
    attempts, wrong, lock = Attempts(database, b"k" * 32), [0], threading.Lock()

    def guess(*, is_right: bool) -> None:
        attempt = attempts.claim("alice", "", NOW)
        if not attempt.allowed:
            return
        if is_right:
            attempts.give_back(attempt)
            return
        with lock:
            wrong[0] += 1

    at_once([lambda is_right=number % 2 == 0: guess(is_right=is_right) for number in range(THREADS)])  # type: ignore[misc]  # a bound default
    while (attempt := attempts.claim("alice", "", NOW)).allowed:
        wrong[0] += 1
        assert attempt.left >= 0
    assert wrong[0] == 5


@pytest.mark.spec("ASVS5-6.5.1")
def test_of_many_uses_of_one_recovery_code_exactly_one_is_accepted(database: Database) -> None:
    with database.transaction() as connection:
        account = people.create(connection, "alice", {}, None, NOW)
        assert account is not None
        texts = recovery.new_codes(os.urandom)
        recovery.replace_codes(connection, account.account_id, texts, NOW)
    account_id = account.account_id
    for text in texts:

        def use(text: str = text) -> bool:
            with database.transaction() as connection:
                return bool(recovery.use_code(connection, account_id, text, NOW))

        assert sorted(at_once([use] * 4)) == [False, False, False, True]
