"""What a request leaves behind: the rows of each table, what a row takes on disk with its indexes, and the log."""

from collections.abc import Mapping

import psycopg
from sqlalchemy import Table

from authserver.db.tables.authorization import interactions, pushed_requests
from authserver.db.tables.events import events
from authserver.db.tables.grants import authorization_codes, consents, grants, issued_tokens
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.tables.schema import metadata
from authserver.db.tables.sessions import sessions
from bench.generator import CONNECTIONS, drive
from bench.measure import Target, check
from bench.rows import connected, count_rows, index_bytes, multiply, table_bytes, wal_bytes
from bench.work import FLOW, INTROSPECTION, PUSH, REFRESH, TOKEN, Work

_JOBS = 400
_KINDS = (TOKEN, PUSH, FLOW, REFRESH, INTROSPECTION)
HOT = (
    claimed_ids,
    pushed_requests,
    interactions,
    authorization_codes,
    issued_tokens,
    grants,
    consents,
    sessions,
    events,
)


def measure_sizes(target: Target, rows: int) -> Mapping[str, object]:
    """Return the figures for a table; `rows` is how many each hot table is filled with before it is measured."""
    figures: dict[str, object] = {}
    with connected(target.scene) as connection:
        for work in _KINDS:
            figures.update(_left_by(target, connection, work))
        for table in HOT:
            figures.update(_sizes_of(connection, table, rows))
    return figures


def _left_by(target: Target, connection: psycopg.Connection, work: Work) -> Mapping[str, object]:
    jobs = work.build(target.scene, _JOBS)
    before, log = _counts(connection), wal_bytes(connection)
    load = drive(target.scene.address, jobs, seconds=60, keep=20, connections=CONNECTIONS)
    check(target.scene, work, load)
    done, written = len(load.latencies), wal_bytes(connection) - log
    added = {table: count - before[table] for table, count in _counts(connection).items()}
    left = ", ".join(f"{count / done:.2g} {table.name}" for table, count in added.items() if count) or "none"
    print(f"{work.kind}: {left}; {written / done:.0f} bytes of log", flush=True)
    return {f"{work.title}: rows": left, f"{work.title}: bytes of log": round(written / done)}


def _sizes_of(connection: psycopg.Connection, table: Table, rows: int) -> Mapping[str, object]:
    multiply(connection, table, rows)
    count = count_rows(connection, table)
    row, indexes = table_bytes(connection, table) / count, index_bytes(connection, table) / count
    print(f"{table.name}: {row:.0f} + {indexes:.0f} bytes a row", flush=True)
    return {f"{table.name}: bytes a row, of its indexes": f"{row:.0f} + {indexes:.0f}"}


def _counts(connection: psycopg.Connection) -> Mapping[Table, int]:
    return {table: count_rows(connection, table) for table in metadata.sorted_tables}
