"""Many who sign in at once: half of a worker's threads stay free of them, and whoever finds no room costs little."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from werkzeug.test import TestResponse

from authserver.accounts.factors.password import hashing
from authserver.accounts.factors.password.hashing import PasswordPool
from tests.support.deployment import Deployment, StatementCounter
from tests.support.person import Person
from tests.support.relying_party import register, register_bank
from tests.support.servers import wait_until


@contextmanager
def _held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Let no password be verified until the body ends; yields what tells how many are being verified."""
    begun, go_on, verify = list[str](), threading.Event(), hashing.verify_password

    def wait(password: str, password_hash: str | None) -> bool:
        begun.append("one")
        assert go_on.wait(20)
        return verify(password, password_hash)

    monkeypatch.setattr(hashing, "verify_password", wait)
    try:
        yield lambda: len(begun)
    finally:
        go_on.set()


def _claims(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what grows by one with each caller of the pool that has come in."""
    claimed, verify = list[str](), PasswordPool.verify

    def noted(pool: PasswordPool, password: str, password_hash: str | None) -> bool:
        claimed.append("one")
        return verify(pool, password, password_hash)

    monkeypatch.setattr(PasswordPool, "verify", noted)
    return claimed


def _at_the_sign_in(deployment: Deployment, url: str) -> tuple[Person, TestResponse]:
    person = Person(deployment)
    return person, person.open(url)


@pytest.mark.spec("ASVS5-6.3.1")
@pytest.mark.parametrize(("threads", "hashes", "at_once", "admitted"), [(1, 2, 1, 1), (4, 1, 1, 2), (8, 2, 2, 4)])
def test_half_of_the_threads_take_sign_ins_and_the_next_is_sent_away_before_it_costs_anything(
    new_deployment: Callable[..., Deployment],
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
    hashes: int,
    at_once: int,
    admitted: int,
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    deployment = new_deployment(threads=threads, password_hashes=hashes)
    register_bank(deployment)
    app = register(deployment)
    claimed = _claims(monkeypatch)
    people = [_at_the_sign_in(deployment, app.authorization_url()) for _ in range(admitted + 1)]
    *first, (late, page) = people
    with ThreadPoolExecutor(admitted) as many:
        with _held(monkeypatch) as being_verified:
            asked = [many.submit(each.send, shown, username="alice", password="wrong") for each, shown in first]
            wait_until(lambda: being_verified() == at_once and len(claimed) == admitted, "a full house")
            with StatementCounter() as counted:
                refused = late.send(page, username="bob", password=late.password)
            assert being_verified() == at_once
        assert {each.result().status_code for each in asked} == {400}
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert len(counted.statements) == 1, "the visit itself, and nothing of the person"
    assert late.send(page, username="bob", password=late.password).status_code == 303
