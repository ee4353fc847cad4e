"""Rows by the hundred thousand: those that real requests left, again and again under fresh ids."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Column, LargeBinary, Table

from bench.generator import BenchFailed
from bench.scene import Scene

_MODELS = 500
# 256 random bits, as all our ids are; `n` is the row's number, so that no two are made of the same.
_FRESH = "sha256(convert_to(random()::text || n::text, 'UTF8'))"
_FRESH_TEXT = "substr(translate(encode({fresh}, 'base64'), '+/=', '-_'), 1, char_length({column}))"
_KEPT = frozenset({"client_id"})
_COPY = """
INSERT INTO {table} ({columns}) SELECT {values} FROM generate_series(1, {count}) AS n
JOIN (SELECT row_number() OVER () AS place, count(*) OVER () AS places, *
FROM (SELECT * FROM {table} LIMIT {models}) AS first) AS model ON model.place = n % model.places + 1
"""


@contextmanager
def connected(scene: Scene) -> Iterator[psycopg.Connection]:
    """Open a connection to a scene's PostgreSQL on which each statement commits itself, and waits for no disk."""
    if scene.store.process_id is None:
        raise BenchFailed("rows are counted and multiplied on PostgreSQL alone")
    address = scene.store.url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        yield connection


def multiply(connection: psycopg.Connection, table: Table, count: int, *, age_seconds: int = 0) -> None:
    """Add so many rows to a table, made after those in it, each expired for `age_seconds` more than its model.

    Ids and hashes are fresh and random, as they come in life; times go up with the rows, so that what is sorted by time
    grows at its end. Raises BenchFailed where the table is empty.
    """
    if not count_rows(connection, table):
        raise BenchFailed(f"{table.name} has no rows to be multiplied")
    values = sql.SQL(", ").join(copied(column, count, age_seconds) for column in table.columns)
    connection.execute(
        sql.SQL(_COPY).format(
            table=sql.Identifier(table.name),
            columns=sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
            values=values,
            count=sql.Literal(count),
            models=sql.Literal(_MODELS),
        )
    )
    connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table.name)))


def copied(column: Column[Any], count: int, age_seconds: int) -> sql.Composable:
    """Return what a column is filled with in row `n` of so many copies of `model`."""
    named = sql.Identifier("model", column.name)
    if isinstance(column.type, LargeBinary) and column.name.endswith("_hash"):
        return sql.SQL(f"CASE WHEN {{}} IS NOT NULL THEN {_FRESH} END").format(named)
    if column.name.endswith("_id") and column.name not in _KEPT:
        return sql.SQL(_FRESH_TEXT.replace("{fresh}", _FRESH)).format(column=named)
    if column.name == "expires_at":
        return sql.SQL("{} - {} + n::bigint * 600 / {}").format(named, sql.Literal(age_seconds), sql.Literal(count))
    return named


def count_rows(connection: psycopg.Connection, table: Table) -> int:
    """Count a table's rows."""
    return _number(connection, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name)))


def table_bytes(connection: psycopg.Connection, table: Table) -> int:
    """Return what a table takes on disk, without its indexes."""
    return _number(connection, sql.SQL("SELECT pg_table_size({})").format(sql.Literal(table.name)))


def index_bytes(connection: psycopg.Connection, table: Table) -> int:
    """Return what a table's indexes take on disk."""
    return _number(connection, sql.SQL("SELECT pg_indexes_size({})").format(sql.Literal(table.name)))


def wal_bytes(connection: psycopg.Connection) -> int:
    """Return how much was ever written to the write-ahead log."""
    return _number(connection, sql.SQL("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))


def _number(connection: psycopg.Connection, query: sql.SQL | sql.Composed) -> int:
    found = connection.execute(query).fetchone()
    if found is None:
        raise BenchFailed("PostgreSQL answered nothing")
    return int(found[0])
