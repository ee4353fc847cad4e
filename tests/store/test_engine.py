"""Transactions: kept on success and on a refusal, undone on anything else; trouble that passes is a 503, and passes."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from authserver.db.engine import Database
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.protocol.errors import InvalidGrant, TemporarilyUnavailable
from tests.support import databases


def _insert(connection: Connection, name: str = "a") -> None:
    connection.execute(insert(claimed_ids), {"id_hash": name.encode(), "expires_at": 1})


def _count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(claimed_ids)).scalar_one())


def test_a_transaction_that_ends_well_is_kept(database: Database) -> None:
    with database.transaction() as connection:
        _insert(connection)
    assert _count(database) == 1


def test_a_refusal_keeps_what_was_done_before_it_and_travels_on(database: Database) -> None:
    refusal = InvalidGrant("Spent.", clause="RFC6749-5.2")
    with pytest.raises(InvalidGrant) as caught, database.transaction() as connection:  # noqa: PT012 - the body is the case
        _insert(connection)
        raise refusal
    assert caught.value is refusal
    assert _count(database) == 1


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_anything_else_undoes_all_of_it(database: Database, failure: type[BaseException]) -> None:
    with pytest.raises(failure), database.transaction() as connection:  # noqa: PT012 - the body is the case
        _insert(connection)
        raise failure
    assert _count(database) == 0
    with database.transaction() as connection:
        _insert(connection)
    assert _count(database) == 1


def test_an_open_transaction_is_not_seen_by_readers(database: Database) -> None:
    with database.transaction() as connection:
        _insert(connection)
        assert _count(database) == 0
    assert _count(database) == 1


def test_a_single_statement_is_kept_as_soon_as_it_is_done(database: Database) -> None:
    with database.single() as connection:
        _insert(connection)
    assert _count(database) == 1


def test_a_reader_leaves_no_transaction_open(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(select(claimed_ids)).all() == []
        with database.transaction() as other:
            _insert(other)
        assert len(connection.execute(select(claimed_ids)).all()) == 1


def test_a_fault_of_ours_is_not_disguised_as_trouble_that_passes(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    with pytest.raises(IntegrityError), database.transaction() as connection:  # noqa: PT012 - the body is the case
        _insert(connection)
        _insert(connection)
    assert _count(database) == 0


def test_a_database_error_never_shows_the_values_of_the_statement(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.transaction() as connection:
        connection.execute(insert(claimed_ids), [{"id_hash": b"a-secret-thing", "expires_at": 987654321}] * 2)
    assert "987654321" not in str(caught.value)


def test_a_value_too_large_for_an_index_is_a_fault_and_no_trouble_that_passes(postgresql_url: str) -> None:
    with (
        databases.connected(postgresql_url) as database,
        pytest.raises(DBAPIError),
        database.transaction() as connection,
    ):
        connection.execute(insert(claimed_ids), {"id_hash": os.urandom(9000), "expires_at": 1})


def test_a_swallowed_error_cannot_be_committed_as_if_nothing_were(postgresql_url: str) -> None:
    def swallow(connection: Connection) -> None:
        try:
            connection.exec_driver_sql("SELECT 1/0")
        except DBAPIError:
            return

    with databases.connected(postgresql_url) as database:
        with pytest.raises(RuntimeError, match="swallowed"), database.transaction() as connection:
            swallow(connection)
        assert database.ping()


def _write_often(database: Database, name: str, times: int) -> None:
    for number in range(times):
        with database.transaction() as connection:
            connection.execute(select(func.count()).select_from(claimed_ids))
            _insert(connection, f"{name}-{number}")


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(count) as pool:
        for outcome in [pool.submit(work, number) for number in range(count)]:
            outcome.result()


def test_many_threads_write_and_none_is_turned_away(database: Database) -> None:
    _in_threads(8, lambda number: _write_often(database, str(number), 25))
    assert _count(database) == 200


_WRITER = """
import sys
from authserver.db.engine import Database
from tests.store.test_engine import _in_threads, _write_often
database = Database.connect(sys.argv[1])
_in_threads(2, lambda number: _write_often(database, f"{sys.argv[2]}-{number}", 100))
database.dispose()
"""


def test_two_processes_write_and_none_is_turned_away(database: Database, database_url: str) -> None:
    root = Path(__file__).parents[2]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, database_url, name], cwd=root, stderr=subprocess.PIPE, text=True
        )
        for name in ("first", "second")
    ]
    outcomes = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outcomes
    assert _count(database) == 400


def test_a_lock_held_by_another_process_for_a_while_is_waited_for(sqlite_url: str) -> None:
    with databases.connected(sqlite_url) as database, closing(_holder(sqlite_url)) as holder:
        release = threading.Timer(0.2, lambda: holder.execute("COMMIT"))
        release.start()
        with database.transaction() as connection:
            _insert(connection)
        release.join()
        assert _count(database) == 1


def test_a_lock_held_too_long_by_another_process_is_a_503_and_then_forgotten(sqlite_url: str) -> None:
    with databases.connected(sqlite_url, patience_seconds=0.1) as database, closing(_holder(sqlite_url)) as holder:
        with pytest.raises(TemporarilyUnavailable) as caught, database.transaction():
            pytest.fail("the transaction opened without the lock")
        assert caught.value.status == 503
        assert caught.value.reason == "SQLite answered SQLITE_BUSY"
        assert "locked" not in caught.value.description
        holder.execute("COMMIT")
        with database.transaction() as connection:
            _insert(connection)
        assert _count(database) == 1


def test_readers_read_while_another_process_writes(sqlite_url: str) -> None:
    with databases.connected(sqlite_url, patience_seconds=0.1) as database, closing(_holder(sqlite_url)):
        assert _count(database) == 0


def test_a_turn_held_too_long_by_another_thread_is_a_503_and_then_forgotten(sqlite_url: str) -> None:
    with databases.connected(sqlite_url, patience_seconds=0.1) as database, ThreadPoolExecutor(1) as pool:
        with database.transaction():
            failure = pool.submit(_write_often, database, "late", 1).exception()
        assert isinstance(failure, TemporarilyUnavailable)
        pool.submit(_write_often, database, "in time", 1).result()
        assert _count(database) == 1


def test_a_transaction_inside_another_is_refused_instead_of_waiting_for_itself(sqlite_url: str) -> None:
    with databases.connected(sqlite_url) as database, database.transaction():
        inner = database.transaction()
        with pytest.raises(RuntimeError, match="already open"):
            inner.__enter__()


def test_sqlite_refuses_to_write_where_reading_was_asked_for(sqlite_url: str) -> None:
    with (
        databases.connected(sqlite_url) as database,
        pytest.raises(DBAPIError, match="readonly"),
        database.read() as connection,
    ):
        _insert(connection)


def test_sqlite_is_durable_and_shared(sqlite_url: str) -> None:
    with databases.connected(sqlite_url) as database, database.transaction() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_new_sqlite_file_and_its_companions_are_the_owners_alone(tmp_path: Path) -> None:
    url = databases.sqlite_url(tmp_path / "new.db")
    with databases.connected(url) as database, database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE t (c)")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_another_process_never_takes_the_log_away_from_a_process_that_opened_the_file_twice(sqlite_url: str) -> None:
    """Closing a descriptor drops the locks of its whole process; the last one out would then delete the log."""
    with databases.connected(sqlite_url) as first:
        with first.transaction() as connection:
            _insert(connection)
        with databases.connected(sqlite_url):
            path = sqlite_url.removeprefix("sqlite:///")
            program = (
                "import sqlite3, sys; other = sqlite3.connect(sys.argv[1]); "
                "other.execute('select * from claimed_ids').fetchall(); other.close()"
            )
            subprocess.run([sys.executable, "-c", program, path], check=True)
            assert Path(f"{path}-wal").exists()
            assert _count(first) == 1


def _holder(url: str) -> sqlite3.Connection:
    holder = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    return holder


def _end_all_sessions(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_idle_connections_that_the_server_closed_are_replaced_unseen(postgresql_url: str) -> None:
    with databases.connected(postgresql_url) as database:
        databases.clear(database)
        assert _count(database) == 0
        _end_all_sessions(postgresql_url)
        with database.transaction() as connection:
            _insert(connection)
        assert _count(database) == 1


@pytest.mark.parametrize("opened", [Database.transaction, Database.single, Database.read])
def test_a_connection_lost_in_use_is_a_503_and_the_next_call_works(
    postgresql_url: str, opened: Callable[[Database], AbstractContextManager[Connection]]
) -> None:
    with databases.connected(postgresql_url) as database:
        with pytest.raises(TemporarilyUnavailable) as caught, opened(database) as connection:  # noqa: PT012 - the body is the case
            connection.execute(select(claimed_ids)).all()
            _end_all_sessions(postgresql_url)
            connection.execute(select(claimed_ids)).all()
        assert caught.value.status == 503
        with opened(database) as connection:
            connection.execute(select(claimed_ids)).all()


def test_a_statement_that_takes_too_long_is_a_503(postgresql_url: str) -> None:
    with databases.connected(postgresql_url, statement_seconds=0.1) as database:
        with pytest.raises(TemporarilyUnavailable) as caught, database.read() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(5)")
        assert caught.value.reason.startswith("PostgreSQL answered SQLSTATE 57014: canceling statement")


def test_a_connection_not_had_in_time_is_a_503(postgresql_url: str) -> None:
    with databases.connected(postgresql_url, threads=1, patience_seconds=0.1) as database:
        with ExitStack() as lent:
            for _ in range(6):  # two for the one thread, two for each spare
                lent.enter_context(database.read())
            with pytest.raises(TemporarilyUnavailable):
                database.read().__enter__()
        assert database.ping()


def test_a_server_that_cannot_be_reached_is_a_503_and_does_not_answer_a_ping(tmp_path: Path) -> None:
    with databases.connected(f"postgresql+psycopg://someone@/nothing?host={tmp_path}") as database:
        assert not database.ping()
        with pytest.raises(TemporarilyUnavailable), database.transaction():
            pytest.fail("a transaction opened without a server")


def test_a_ping_is_answered(database: Database) -> None:
    assert database.ping()


def test_a_disposed_database_opens_again_when_used(database: Database) -> None:
    _write_often(database, "before", 1)
    database.dispose()
    _write_often(database, "after", 1)
    assert _count(database) == 2


@pytest.mark.parametrize("url", ["mysql://u:hush@h/d", "hush", "sqlite://", "sqlite:///:memory:"])
def test_a_url_of_another_kind_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="database") as caught:
        Database.connect(url)
    assert "hush" not in str(caught.value)
