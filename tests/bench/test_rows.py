"""What rows copied by the million are filled with."""

import psycopg
import pytest
from psycopg import sql

from authserver.db.tables.one_time_ids import claimed_ids
from bench.rows import copied

MILLIONS = 10_000_000


@pytest.mark.parametrize("number", [1, 3_600_000, MILLIONS])
def test_times_of_rows_by_the_million_go_up_within_ten_minutes(postgresql_url: str, number: int) -> None:
    """In whole numbers of 32 bits the last of more than 3.6 million could not be reckoned."""
    column = copied(claimed_ids.c.expires_at, MILLIONS, age_seconds=86_400)
    query = sql.SQL("SELECT {} FROM (SELECT 1800000000::bigint AS expires_at) AS model, CAST({} AS integer) AS n")
    with psycopg.connect(postgresql_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        found = connection.execute(query.format(column, sql.Literal(number))).fetchone()
    assert found == (1_800_000_000 - 86_400 + number * 600 // MILLIONS,)


def test_every_copy_has_an_id_of_its_own_and_no_other_value_is_invented(postgresql_url: str) -> None:
    query = sql.SQL("SELECT {} FROM (SELECT '\\x00'::bytea AS id_hash) AS model, generate_series(1, 100) AS n").format(
        copied(claimed_ids.c.id_hash, 100, age_seconds=0)
    )
    with psycopg.connect(postgresql_url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        found = {bytes(value) for (value,) in connection.execute(query)}
    assert len(found) == 100
    assert {len(value) for value in found} == {32}
