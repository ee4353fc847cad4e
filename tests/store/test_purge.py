"""Purging: expired rows go, in bounded batches, while others read and write; the rest stays."""

import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Integer, LargeBinary, Table, Text, func, insert, select
from sqlalchemy.types import BigInteger, String

from authserver.db.engine import Database
from authserver.db.one_time_ids import claim_id, id_hash
from authserver.db.purge import EXPIRIES, Retention, count_expired, database_clock, purge
from authserver.db.tables.grants import issued_tokens
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.tables.schema import metadata
from tests.support import databases
from tests.support.command_line import CommandLine

_NOW = 1_000_000
_PLACEHOLDERS: Mapping[type, object] = {Integer: 0, BigInteger: 0, Text: "", String: "", LargeBinary: b""}


def _row(table: Table, name: str, expires_at: int) -> dict[str, object]:
    row = {column.name: _PLACEHOLDERS[type(column.type)] for column in table.columns}
    unique = {index.columns[0] for index in table.indexes if index.unique} | {next(iter(table.primary_key.columns))}
    keys = {each.name: name.encode() if isinstance(each.type, LargeBinary) else name for each in unique}
    return {**row, **keys, "expires_at": expires_at}


def _fill(database: Database, table: Table, expirations: Iterable[int]) -> None:
    rows = [_row(table, str(number), expires_at) for number, expires_at in enumerate(expirations)]
    with database.transaction() as connection:
        connection.execute(insert(table), rows)


def _expirations(database: Database, table: Table) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(table.c.expires_at).order_by(table.c.expires_at)).scalars())


@pytest.mark.parametrize("expiry", EXPIRIES, ids=lambda expiry: expiry.table.name)
def test_a_row_stays_until_its_grace_is_over(database: Database, expiry: Retention) -> None:
    edge = _NOW - expiry.grace_seconds
    _fill(database, expiry.table, [edge - 1, edge, _NOW, _NOW + 1])
    assert count_expired(database, _NOW)[expiry.table.name] == 1
    assert purge(database, _NOW)[expiry.table.name] == 1
    assert _expirations(database, expiry.table) == [edge, _NOW, _NOW + 1]


def test_a_day_after_its_expiry_a_token_is_still_recognised(database: Database) -> None:
    _fill(database, issued_tokens, [_NOW])
    purge(database, _NOW + 24 * 60 * 60)
    assert _expirations(database, issued_tokens) == [_NOW]
    purge(database, _NOW + 24 * 60 * 60 + 1)
    assert _expirations(database, issued_tokens) == []


def test_every_table_whose_rows_expire_is_purged_but_the_persons_record() -> None:
    expiring = {table.name for table in metadata.tables.values() if "expires_at" in table.columns}
    assert expiring - {expiry.table.name for expiry in EXPIRIES} == {"consents"}


def test_rows_go_in_batches_no_larger_than_asked_and_oldest_first(database: Database) -> None:
    _fill(database, claimed_ids, range(24, -1, -1))
    batches: list[tuple[str, int]] = []
    oldest: list[int] = []

    def note(table: str, rows: int) -> None:
        batches.append((table, rows))
        oldest.extend(_expirations(database, claimed_ids)[:1])

    assert purge(database, _NOW, 10, note)["claimed_ids"] == 25
    assert batches == [("claimed_ids", 10), ("claimed_ids", 10), ("claimed_ids", 5)]
    assert oldest == [10, 20]


def test_a_purge_that_is_stopped_keeps_what_it_did(database: Database) -> None:
    _fill(database, claimed_ids, range(25))

    def stop(_table: str, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purge(database, _NOW, 10, stop)
    assert len(_expirations(database, claimed_ids)) == 15


def test_claims_are_made_while_a_purge_runs(database: Database) -> None:
    _fill(database, claimed_ids, range(400))
    done, claims = threading.Event(), 0

    def purge_all() -> None:
        purge(database, _NOW, 20)
        done.set()

    purging = threading.Thread(target=purge_all)
    purging.start()
    while not done.is_set():
        with database.transaction() as connection:
            assert claim_id(connection, id_hash("during", str(claims)), _NOW * 2)
        claims += 1
    purging.join()
    assert claims > 20
    assert len(_expirations(database, claimed_ids)) == claims


def test_on_postgresql_a_row_that_a_request_holds_is_left_for_later_and_no_one_waits(postgresql_url: str) -> None:
    with databases.connected(postgresql_url) as database:
        databases.clear(database)
        _fill(database, claimed_ids, range(3))
        with database.transaction() as connection:
            connection.execute(select(claimed_ids).where(claimed_ids.c.expires_at == 1).with_for_update()).all()
            assert purge(database, _NOW)["claimed_ids"] == 2
        assert purge(database, _NOW)["claimed_ids"] == 1


def test_a_batch_finds_its_rows_by_index(database: Database) -> None:
    explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    query = "SELECT id_hash FROM claimed_ids WHERE expires_at < 1000000 ORDER BY expires_at LIMIT 10"
    with database.transaction() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = str(connection.exec_driver_sql(f"{explain} {query}").all())
    assert "claimed_ids_expires_at" in plan


def test_a_host_whose_clock_is_ahead_makes_nothing_spent_good_again(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = CommandLine(tmp_path, {"DATABASE_URL": database_url})
    now = database_clock(database)
    assert abs(now - time.time()) < 5
    _fill(database, claimed_ids, [now + 60, now - 3600, now - 25 * 3600])
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3 * 86_400)
    ahead.done("db", "purge")
    assert _expirations(database, claimed_ids) == [now - 3600, now + 60]


def test_an_empty_database_purges_to_nothing(database: Database) -> None:
    assert set(purge(database, _NOW).values()) == {0}
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(claimed_ids)).scalar_one() == 0
