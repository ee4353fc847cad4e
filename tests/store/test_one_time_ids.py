"""One-time ids: the first claim wins, also when the request is refused afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.db.engine import Database
from authserver.db.one_time_ids import claim_id, id_hash
from authserver.protocol.errors import InvalidGrant

_ID = id_hash("jti", "client", "one")


@pytest.mark.spec("RFC7523-3-7", "RFC9449-11.1")
def test_an_id_is_claimed_once(database: Database) -> None:
    for first in (True, False):
        with database.transaction() as connection:
            assert claim_id(connection, _ID, 100) is first


def test_a_second_claim_in_the_same_transaction_fails_too(database: Database) -> None:
    with database.transaction() as connection:
        assert [claim_id(connection, _ID, 100), claim_id(connection, _ID, 200)] == [True, False]


def test_a_claim_can_be_made_as_a_single_statement(database: Database) -> None:
    for first in (True, False):
        with database.single() as connection:
            assert claim_id(connection, _ID, 100) is first


def test_a_claim_stays_when_the_request_is_refused(database: Database) -> None:
    with pytest.raises(InvalidGrant), database.transaction() as connection:  # noqa: PT012 - the body is the case
        claim_id(connection, _ID, 100)
        raise InvalidGrant("Refused.", clause="RFC6749-5.2")
    with database.transaction() as connection:
        assert not claim_id(connection, _ID, 100)


def test_a_claim_goes_when_the_server_fails(database: Database) -> None:
    with pytest.raises(ArithmeticError), database.transaction() as connection:  # noqa: PT012 - the body is the case
        claim_id(connection, _ID, 100)
        raise ArithmeticError
    with database.transaction() as connection:
        assert claim_id(connection, _ID, 100)


_parts = st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=4)


@given(_parts, _parts)
def test_different_ids_have_different_hashes(left: list[str], right: list[str]) -> None:
    assert (id_hash(*left) == id_hash(*right)) == (left == right)


@pytest.mark.parametrize("other", [("jti", "ab", "c"), ("jti", "abc"), ("jti", "", "abc"), ("jtia", "bc")])
def test_where_a_part_ends_matters(other: tuple[str, ...]) -> None:
    assert id_hash("jti", "a", "bc") != id_hash(*other)


def test_a_lone_surrogate_in_an_id_is_hashed() -> None:
    assert len(id_hash("jti", "\ud800")) == 32
