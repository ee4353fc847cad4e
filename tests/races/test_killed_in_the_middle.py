"""A process that is killed at any of its round trips to PostgreSQL leaves nothing half done; the next one completes."""

import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, inspect, select, text

from authserver.app.create import create_app
from authserver.db import migrate
from authserver.db.engine import Database
from authserver.db.postgresql_connection import BoundedConnection
from authserver.db.tables.accounts import attempt_counters
from authserver.db.tables.events import events
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.writes import Row, add_row
from authserver.events import catalogue as kinds
from authserver.events.model import Event
from authserver.events.readers import TURN_SECONDS, Reader, catch_up
from authserver.events.store import RecordedEvent, event_row
from tests.support import databases
from tests.support.deployment import ISSUER, Deployment, deploy
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.payment_pages import at_payment, register_paying_app
from tests.support.person import HIDDEN, Person

_MOST_ROUND_TRIPS = 80
_FEWEST = 20  # round trips of an upgrade
_DONE, _FAILED = 0, 1
_APPROVED = text(
    "SELECT (SELECT count(*) FROM approvals), (SELECT count(*) FROM consents),"
    " (SELECT count(*) FROM interactions WHERE approval_id IS NOT NULL),"
    " (SELECT count(*) FROM interactions WHERE consent_id IS NOT NULL),"
    " (SELECT count(*) FROM events WHERE kind = 'payment.approved'),"
    " (SELECT sum(sign_count) FROM passkeys)"
)


def _killed_at(number: int, prepare: Callable[[], Callable[[], bool]]) -> bool:
    """Do some work in a process of its own, which is killed once its round trip of that number was sent.

    `prepare` returns the work, whose round trips are counted. Returns whether it came to its end before that.
    """
    child = os.fork()
    if child == 0:
        outcome = _FAILED
        try:
            work = prepare()
            _kill_at(number)
            outcome = _DONE if work() else _FAILED
        finally:
            os._exit(outcome)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == _DONE
    return True


def _kill_at(number: int) -> None:
    """Have this process die after it sent a statement and before it hears of it."""
    left = [number]

    def counted(original: Callable[..., object]) -> Callable[..., object]:
        def wait(connection: BoundedConnection, *arguments: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                connection.pgconn.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            return original(connection, *arguments)

        return wait

    for name in ("await_result", "wait"):
        setattr(BoundedConnection, name, counted(getattr(BoundedConnection, name)))


@pytest.fixture
def deployment_on_postgresql(postgresql_url: str) -> Deployment:
    """A deployment that another process can serve too."""
    with databases.connected(postgresql_url) as database:
        databases.clear(database)
        return deploy(database, postgresql_url)


def test_a_payment_is_approved_as_a_whole_or_not_at_all_wherever_the_server_is_killed(
    deployment_on_postgresql: Deployment,
) -> None:
    deployment = deployment_on_postgresql
    alice, key = Person(deployment), enrol_passkey(deployment, "alice")
    page = at_payment(register_paying_app(deployment), alice)
    form = {**dict(HIDDEN.findall(page.text)), "decision": "approve", "credential": key.sign(options_on(page))}
    settings, headers = deployment.app.extensions["authserver"].settings, {"Origin": ISSUER, "Cookie": alice.cookies()}

    def serve() -> Callable[[], bool]:
        app = create_app(settings, clock=lambda: deployment.now, events=lambda _: None)
        client = app.test_client(use_cookies=False)
        send = partial(client.post, page.request.full_path, data=form, base_url=ISSUER, headers=headers)
        return lambda: send().status_code == 303

    seen = []
    for number in range(1, _MOST_ROUND_TRIPS):
        is_done = _killed_at(number, serve)
        with deployment.database.transaction() as connection:
            seen.append(tuple(connection.execute(_APPROVED).one()))
            connection.execute(delete(attempt_counters))  # a try whose worker was killed stays counted
        if is_done:
            break
    assert is_done
    nothing, whole = seen[0], seen[-1]
    assert nothing[:5] == (0, 0, 0, 0, 0)
    assert min(whole[:5]) == max(whole[:5]) == 1
    assert set(seen) == {nothing, whole}
    assert len(seen) > 10


@pytest.mark.parametrize("number", [1, 3, 8, 20, 60, 150, 300])
def test_an_upgrade_that_is_killed_leaves_an_empty_database_and_the_next_completes(worker_id: str, number: int) -> None:
    url = databases.new_postgresql_database(f"killed_{worker_id}_{number}")

    def upgrade() -> bool:
        databases.migrate(url)
        return True

    is_done = _killed_at(number, lambda: upgrade)
    assert not is_done or number > _FEWEST
    with databases.connected(url) as database:
        assert migrate.current(database) == (migrate.head(databases.MIGRATIONS) if is_done else None)
        assert bool(_tables(database)) == is_done
        assert upgrade()
        assert migrate.current(database) == migrate.head(databases.MIGRATIONS)
        assert migrate.drift(database) == []


def _tables(database: Database) -> list[str]:
    with database.read() as connection:
        return inspect(connection).get_table_names()


def test_a_reader_writes_once_and_misses_nothing_wherever_it_is_killed(postgresql_url: str, tmp_path: Path) -> None:
    now, outside = 1_800_000_000, tmp_path / "told"

    def tell(batch: Sequence[RecordedEvent]) -> Sequence[Row]:
        with outside.open("a", encoding="ascii") as file:
            file.writelines(f"{event.event_id}\n" for event in batch)
        return [Row(claimed_ids, {"id_hash": event.event_id.encode(), "expires_at": now}) for event in batch]

    reader = Reader("audit", tell, from_beginning=True)

    def read() -> Callable[[], bool]:
        child = Database.connect(postgresql_url)
        return lambda: catch_up(child, reader, lambda: now) == 3

    for number in range(1, _MOST_ROUND_TRIPS):
        outside.unlink(missing_ok=True)
        with databases.connected(postgresql_url) as database:
            databases.clear(database)
            with database.transaction() as connection:
                for subject in ("alice", "bob", "carol"):
                    add_row(connection, event_row(Event(kinds.SIGN_OUT_DONE, now, subject=subject)))
        is_done = _killed_at(number, read)
        with databases.connected(postgresql_url) as database:
            while catch_up(database, reader, lambda: now + TURN_SECONDS):
                pass
            with database.read() as connection:
                happened = {row.event_id for row in connection.execute(select(events.c.event_id))}
                written = [row.id_hash.decode() for row in connection.execute(select(claimed_ids.c.id_hash))]
        assert sorted(written) == sorted(happened)
        assert set(outside.read_text(encoding="ascii").split()) == happened
        if is_done:
            break
    assert is_done
    assert number > 10
