"""What becomes of a request when PostgreSQL is read-only, silent, gone or full: a 503 within a bound, then it passes.

On clusters of the tests' own, so that they can be stopped and their settings changed.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from socket import socket

import pytest
from sqlalchemy import bindparam, func, literal, select

from authserver.db.engine import Database
from authserver.db.statement import Statement
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.writes import Row, Writes
from authserver.protocol.errors import TemporarilyUnavailable
from tests.support import databases
from tests.support.postgresql_cluster import PostgresqlCluster, postgresql_cluster, standby_of

_BOUND_SECONDS = 1.0
_SLACK_SECONDS = 1.0  # two cores for everybody
_COUNT = Statement(select(func.count()).select_from(claimed_ids))
_SLEEP = Statement(select(literal(1)).where(func.pg_sleep(bindparam("seconds")).is_not(None)))


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresqlCluster]:
    """A server that each test leaves as it found it."""
    with postgresql_cluster() as running:
        databases.migrate(running.url())
        yield running


@pytest.fixture
def database(cluster: PostgresqlCluster) -> Iterator[Database]:
    """The server's database, with a short bound."""
    with databases.connected(cluster.url(), threads=4, patience_seconds=_BOUND_SECONDS) as connected:
        databases.clear(connected)
        yield connected


def _write(database: Database, name: str = "a") -> None:
    assert database.write(Writes(rows=(Row(claimed_ids, {"id_hash": name.encode(), "expires_at": 1}),)))


def _move_in_a_transaction(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(claimed_ids.delete())


def _count(database: Database) -> int:
    with database.read() as connection:
        row = _COUNT.row(connection, {})
    assert row is not None
    return int(row[0])


def _count_by_core(database: Database) -> None:
    with database.read() as connection:
        connection.execute(select(claimed_ids)).all()


_EVERY_WAY = [_write, _move_in_a_transaction, _count, _count_by_core]


def _refused_in_seconds(work: object, database: Database) -> float:
    began = time.monotonic()
    with pytest.raises(TemporarilyUnavailable) as caught:
        work(database)  # type: ignore[operator]
    assert caught.value.status == 503
    return time.monotonic() - began


def test_a_server_that_is_read_only_for_a_moment_is_a_503_and_then_forgotten(
    cluster: PostgresqlCluster, database: Database
) -> None:
    for work in (_write, _move_in_a_transaction):
        _count(database)  # a connection from before
        cluster.configure("default_transaction_read_only", "on")
        try:
            assert not database.can_write()
            for _ in range(3):
                _refused_in_seconds(work, database)
        finally:
            cluster.configure("default_transaction_read_only", "off")
        assert database.can_write()
        work(database)


@contextmanager
def _without_storage(cluster: PostgresqlCluster, state: str) -> Iterator[None]:
    """Have the server refuse each new row with this SQLSTATE, as it does where a table cannot grow."""
    cluster.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{state}'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON claimed_ids FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    try:
        yield
    finally:
        cluster.execute("DROP TRIGGER refuse ON claimed_ids", "DROP FUNCTION refuse")


def _write_in_a_transaction(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(claimed_ids.insert().values(id_hash=b"b", expires_at=1))


@pytest.mark.parametrize("state", ["53100", "58030"], ids=["full", "failed"])
@pytest.mark.parametrize("work", [_write, _write_in_a_transaction])
def test_a_server_without_storage_is_not_ready_until_some_seconds_after_its_last_refusal(
    cluster: PostgresqlCluster, database: Database, monkeypatch: pytest.MonkeyPatch, work: object, state: str
) -> None:
    assert database.can_write()
    with _without_storage(cluster, state):
        _refused_in_seconds(work, database)
        assert not database.can_write()
        assert _count(database) == 0
    assert not database.can_write()
    later = time.monotonic() + 11
    monkeypatch.setattr("authserver.db.postgresql.monotonic", lambda: later)
    assert database.can_write()


def test_what_is_no_lack_of_storage_takes_no_readiness(cluster: PostgresqlCluster, database: Database) -> None:
    with _without_storage(cluster, "40001"):
        _refused_in_seconds(_write, database)
        assert database.can_write()


def test_of_several_hosts_the_one_that_can_be_written_to_is_asked(cluster: PostgresqlCluster) -> None:
    with standby_of(cluster) as standby:
        url = f"{standby.url()}&host={cluster.place}"
        with databases.connected(url) as database:
            databases.clear(database)
            _write(database)
            assert _count(database) == 1
            assert database.can_write()
        with databases.connected(standby.url()) as database, pytest.raises(TemporarilyUnavailable):
            _count(database)
        with databases.connected(standby.url(query="target_session_attrs=any")) as database:
            _count_by_core(database)  # what the operator asked for in so many words
            assert not database.can_write()


@pytest.mark.parametrize("work", _EVERY_WAY)
def test_a_server_that_is_stopped_holds_nobody_beyond_the_bound(
    cluster: PostgresqlCluster, database: Database, work: object
) -> None:
    _count(database)
    with cluster.paused():
        assert _refused_in_seconds(work, database) < _BOUND_SECONDS + _SLACK_SECONDS
        # A new connection, for which psycopg itself takes no less than two seconds.
        assert _refused_in_seconds(work, database) < _BOUND_SECONDS + _SLACK_SECONDS / 2
    work(database)  # type: ignore[operator]


@pytest.mark.parametrize("work", [_write, _move_in_a_transaction])
def test_a_synchronous_standby_that_went_away_holds_nobody_beyond_the_bound(
    cluster: PostgresqlCluster, database: Database, work: object
) -> None:
    _write(database, "before")
    cluster.configure("synchronous_standby_names", "gone")
    try:
        assert _refused_in_seconds(work, database) < _BOUND_SECONDS + _SLACK_SECONDS
    finally:
        cluster.configure("synchronous_standby_names", "")
    _write(database, "after")


def test_a_bound_of_our_own_holds_where_the_servers_was_thrown_away(cluster: PostgresqlCluster) -> None:
    """As PgBouncer does with `ignore_startup_parameters = options`."""
    url = cluster.url(query="options=-c%20statement_timeout%3D0")
    with databases.connected(url, patience_seconds=_BOUND_SECONDS) as database:
        _count(database)
        with database.transaction(patience_seconds=30) as connection:
            connection.exec_driver_sql("LOCK TABLE claimed_ids")
            with ThreadPoolExecutor(1) as pool:
                seconds = pool.submit(_refused_in_seconds, _count, database).result()
        assert seconds < _BOUND_SECONDS + _SLACK_SECONDS
        _count(database)


def test_a_connection_lost_in_the_middle_of_a_statement_is_a_503(cluster: PostgresqlCluster) -> None:
    def sleep(database: Database) -> None:
        with database.read() as connection:
            _SLEEP.rows(connection, {"seconds": 30})

    with databases.connected(cluster.url(), threads=8, patience_seconds=20) as database:
        _count(database)
        with ThreadPoolExecutor(6) as pool:
            asleep = [pool.submit(_refused_in_seconds, sleep, database) for _ in range(6)]
            time.sleep(0.5)
            cluster.stop()
            try:
                for each in asleep:
                    each.result()
            finally:
                cluster.start()
        _count(database)


def test_with_fewer_connections_than_threads_everybody_gets_a_turn(cluster: PostgresqlCluster) -> None:
    cluster.execute(
        "CREATE ROLE few LOGIN CONNECTION LIMIT 3",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO few",
    )
    until = time.monotonic() + 3
    done: dict[str, int] = {"read": 0, "transaction": 0}
    lock = threading.Lock()

    def often(name: str, work: object) -> None:
        while time.monotonic() < until:
            work(database)  # type: ignore[operator]
            with lock:
                done[name] += 1

    with databases.connected(cluster.url(user="few"), threads=8) as database, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(often, "read", _count) for _ in range(6)]
        asked += [pool.submit(often, "transaction", _move_in_a_transaction) for _ in range(2)]
        for each in asked:
            each.result()
    assert done["transaction"] > 50
    assert done["read"] > 50


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a listener that takes connections and says nothing."""
    with closing(socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"postgresql+psycopg://someone@127.0.0.1:{listener.getsockname()[1]}/nothing"


def test_the_connect_timeout_of_the_url_counts(silent: str) -> None:
    with databases.connected(f"{silent}?connect_timeout=2", patience_seconds=30) as database:
        assert 1 < _refused_in_seconds(_count, database) < 2 + _SLACK_SECONDS


@pytest.mark.parametrize("work", _EVERY_WAY)
@pytest.mark.parametrize("query", ["", "?connect_timeout=60"])
def test_a_listener_that_says_nothing_holds_nobody_beyond_the_bound(silent: str, work: object, query: str) -> None:
    with databases.connected(silent + query, threads=4, patience_seconds=_BOUND_SECONDS) as database:
        for _ in range(2):  # the second finds the opening of the first still under way
            assert _refused_in_seconds(work, database) < _BOUND_SECONDS + _SLACK_SECONDS / 2


def test_whether_it_can_write_is_known_in_a_second_however_long_a_request_may_wait(silent: str) -> None:
    with databases.connected(silent, patience_seconds=5) as database:
        began = time.monotonic()
        assert not database.can_write()
        assert time.monotonic() - began < 1 + _SLACK_SECONDS


def test_the_last_thread_waits_for_no_connection_longer_than_a_second(silent: str) -> None:
    with databases.connected(silent, threads=2, patience_seconds=6) as database, ThreadPoolExecutor(2) as pool:
        first = pool.submit(_refused_in_seconds, _count, database)
        time.sleep(0.2)
        assert pool.submit(_refused_in_seconds, _count, database).result() < 1 + _SLACK_SECONDS
        first.result()
