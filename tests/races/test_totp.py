import threading
from collections.abc import Callable

import pyotp
import pytest

from authserver.accounts.factors.totp import credential as second_factor
from authserver.accounts.store import people as store
from authserver.db.engine import Database
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.sessions import lifecycle
from authserver.sessions.model import Browser, SessionLimits

NOW = 1_700_000_000
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ENVELOPE = MasterKeyEnvelope(b"k" * 32)
RUNS = 10


def _at_once(act: Callable[[], bool], count: int = 2) -> list[bool]:
    """Do one thing in several threads at the same moment and answer how each ended."""
    gate = threading.Barrier(count)
    results: list[bool] = []

    def run() -> None:
        gate.wait()
        results.append(act())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


@pytest.mark.spec("RFC6238-5.2", "ASVS5-6.5.1")
def test_of_two_posts_of_one_code_exactly_one_is_accepted(database: Database) -> None:
    with database.transaction() as connection:
        account = store.create(connection, "alice", {}, None, NOW)
        assert account is not None
        second_factor.enrol_totp(connection, ENVELOPE, account.account_id, SEED, NOW)
    account_id = account.account_id
    for run in range(RUNS):
        now = NOW + 30 * run
        code = pyotp.TOTP(SEED).at(now)

        def post(code: str = code, now: int = now) -> bool:
            with database.transaction() as connection:
                return bool(second_factor.check_totp(connection, ENVELOPE, account_id, code, now))

        assert _at_once(post) == [False, True]


@pytest.mark.spec("ASVS5-7.2.4")
def test_of_two_requests_that_raise_one_session_exactly_one_goes_on(database: Database) -> None:
    limits = SessionLimits()
    for _ in range(RUNS):
        with database.transaction() as connection:
            _, cookie = lifecycle.start(connection, "alice", "pwd", limits, NOW, Browser())

        def elevate(cookie: str = cookie) -> bool:
            with database.transaction() as connection:
                return lifecycle.elevate(connection, cookie, "otp", limits, NOW + 1) is not None

        assert _at_once(elevate) == [False, True]


def test_of_two_people_who_take_one_username_exactly_one_has_it(database: Database) -> None:
    for run in range(RUNS):

        def create(username: str = f"alice{run}") -> bool:
            with database.transaction() as connection:
                return store.create(connection, username, {}, None, NOW) is not None

        assert _at_once(create) == [False, True]
