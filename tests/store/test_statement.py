"""Statements on the driver itself: the values and the errors are those of SQLAlchemy's own way."""

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from authserver.db.engine import Database
from authserver.db.statement import Statement
from authserver.db.tables.keys import signing_keys
from authserver.protocol.errors import TemporarilyUnavailable
from tests.support import databases

_INSERT = Statement(insert(signing_keys), [column.name for column in signing_keys.columns])
_FIND = Statement(select(signing_keys).where(signing_keys.c.kid == bindparam("key"), signing_keys.c.state == "signing"))
_ALL = Statement(select(signing_keys.c.kid))
_DELETE = Statement(delete(signing_keys).where(signing_keys.c.kid == bindparam("key")))


def _values(**changed: object) -> dict[str, object]:
    return {
        "kid": "key",
        "algorithm": "ES256",
        "public_jwk": "{}",
        "sealed_private_jwk": b"sealed",
        "state": "signing",
        "created_at": 1,
        "signs_from": 2,
        "retired_at": None,
        **changed,
    }


@given(
    text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    octets=st.binary(),
    number=st.integers(-(2**63), 2**63 - 1),
    nothing=st.none() | st.integers(0, 2**40),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_what_is_stored_is_what_is_found(
    database: Database, text: str, octets: bytes, number: int, nothing: int | None
) -> None:
    values = _values(public_jwk=text, sealed_private_jwk=octets, created_at=number, retired_at=nothing)
    with database.transaction() as connection:
        assert _INSERT.count(connection, values) == 1
        beside = connection.execute(select(signing_keys)).one()
        assert _FIND.row(connection, {"key": "key"}) == tuple(values.values()) == tuple(beside)
        assert _DELETE.count(connection, {"key": "key"}) == 1
        assert _FIND.row(connection, {"key": "key"}) is None


def test_text_never_ends_at_a_nul(database: Database) -> None:
    """PostgreSQL holds no NUL, and says so; cut short, one name would pass for another."""
    with database.transaction() as connection:
        _INSERT.run(connection, _values())
    try:
        with database.read() as connection:
            assert _FIND.row(connection, {"key": "key\x00more"}) is None
    except DBAPIError:
        assert database.dialect == "postgresql"
    with database.read() as connection:
        assert _FIND.row(connection, {"key": "key"}) is not None


def test_a_statement_in_a_transaction_that_fails_is_undone(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as connection:  # noqa: PT012 - the body is the case
        _INSERT.run(connection, _values())
        _INSERT.run(connection, _values())
    with database.read() as connection:
        assert _ALL.rows(connection, {}) == []


def test_an_error_never_shows_the_values(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.transaction() as connection:
        _INSERT.run(connection, _values(public_jwk="a-secret-thing", state=None))
    assert "a-secret-thing" not in str(caught.value)


def test_a_missing_value_or_one_of_another_kind_is_a_fault_of_ours(database: Database) -> None:
    with pytest.raises(KeyError), database.read() as connection:
        _FIND.row(connection, {})
    if database.dialect == "postgresql":
        with pytest.raises(TypeError), database.read() as connection:
            _FIND.row(connection, {"key": 1.5})


def test_several_rows_where_one_was_expected_are_a_fault_of_ours(database: Database) -> None:
    with database.transaction() as connection:
        _INSERT.run(connection, _values(kid="a"))
        _INSERT.run(connection, _values(kid="b"))
        assert sorted(_ALL.rows(connection, {})) == [("a",), ("b",)]
        with pytest.raises(LookupError):
            _ALL.row(connection, {})


def test_statements_that_the_server_forgot_are_prepared_anew(postgresql_url: str) -> None:
    with databases.connected(postgresql_url, threads=1) as database:
        databases.clear(database)
        with database.read() as connection:
            assert _FIND.row(connection, {"key": "key"}) is None
            connection.exec_driver_sql("DEALLOCATE ALL")
        with pytest.raises(TemporarilyUnavailable), database.read() as connection:
            _FIND.row(connection, {"key": "key"})
        with database.read() as connection:
            assert _FIND.row(connection, {"key": "key"}) is None


def test_a_connection_lost_between_two_statements_is_replaced_unseen(postgresql_url: str) -> None:
    with databases.connected(postgresql_url) as database:
        databases.clear(database)
        with database.read() as connection:
            assert _FIND.row(connection, {"key": "key"}) is None
        with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with database.read() as connection:
            assert _FIND.row(connection, {"key": "key"}) is None
