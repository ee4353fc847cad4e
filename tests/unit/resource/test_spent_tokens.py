"""Spending a token once: in memory and in a database, by one caller of many, and forgotten only when it has expired."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from sqlalchemy import text

from authserver.db.engine import Database
from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable
from authserver.resource.checks import check_claims
from authserver.resource.model import AccessToken, PresentedToken
from authserver.resource.spent_tokens import SpentMemory, TokensSpent, spend_token
from authserver.resource.store import SpentTokens
from tests.support import databases
from tests.support.races import THREADS, at_once
from tests.unit.resource.test_checks import CLAIMS, EXPECTED, NOW

_ROUNDS = 20
_LATER = NOW + 1000
_EVER = NOW * 2


@pytest.fixture(scope="module")
def own_postgresql(worker_id: str) -> str:
    """URL of a PostgreSQL database that is an API's own."""
    return databases.new_postgresql_database(f"spent_{worker_id}")


def url_of(kind: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of an API's own database."""
    if kind == "sqlite":
        return databases.sqlite_url(request.getfixturevalue("tmp_path") / "spent.db")
    return str(request.getfixturevalue("own_postgresql"))


@pytest.fixture(params=["sqlite", "postgresql"])
def own_url(request: pytest.FixtureRequest) -> str:
    """URL of an API's own database, once SQLite and once PostgreSQL."""
    return url_of(request.param, request)


@pytest.fixture
def own_database(own_url: str) -> Iterator[Database]:
    """An API's own database, without any spent token."""
    with databases.connected(own_url, threads=THREADS) as database:
        SpentTokens(database).purge(_EVER)
        yield database


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[TokensSpent]:
    """Each place where spent tokens are remembered, with nothing in it."""
    if request.param == "memory":
        yield SpentMemory()
        return
    with databases.connected(url_of(request.param, request), threads=THREADS) as database:
        kept = SpentTokens(database)
        kept.purge(_EVER)
        yield kept


def token(**claims: object) -> AccessToken:
    return check_claims({**CLAIMS, **claims}, EXPECTED, NOW)


def presented(written: str = "opaque") -> PresentedToken:
    return PresentedToken("bearer", written)


@pytest.mark.parametrize("claims", [{"jti": "one"}, {}], ids=["by jti", "by its hash"])
def test_a_token_is_spent_once(store: TokensSpent, claims: dict[str, object]) -> None:
    spend_token(store, token(**claims), presented(), NOW)
    with pytest.raises(InvalidToken):
        spend_token(store, token(**claims), presented(), NOW)


def test_another_token_is_spent_for_itself(store: TokensSpent) -> None:
    spend_token(store, token(jti="one"), presented(), NOW)
    spend_token(store, token(jti="two"), presented(), NOW)
    spend_token(store, token(), presented("opaque"), NOW)
    spend_token(store, token(), presented("another"), NOW)


def test_a_jwt_written_otherwise_is_the_same_token(store: TokensSpent) -> None:
    spend_token(store, token(jti="one"), presented("a.b.c"), NOW)
    with pytest.raises(InvalidToken):
        spend_token(store, token(jti="one"), presented("a.b.d"), NOW)


@pytest.mark.parametrize("jti", [None, "", 7])
def test_a_jwt_without_a_jti_cannot_be_spent(store: TokensSpent, jti: object) -> None:
    with pytest.raises(InvalidToken):
        spend_token(store, token(jti=jti), presented("a.b.c"), NOW)


@pytest.mark.spec("RFC9068-4-5")
def test_a_token_that_expired_since_it_was_checked_is_not_spent_again(store: TokensSpent) -> None:
    paid = token(jti="one")
    spend_token(store, paid, presented(), paid.expires_at - 1)
    for late in (0, 1, 60, 61, 1000):
        with pytest.raises(InvalidToken):
            spend_token(store, paid, presented(), paid.expires_at + late)


def test_of_many_at_once_one_spends_it(store: TokensSpent) -> None:
    for round_ in range(_ROUNDS):
        won = at_once([partial(store.claim, bytes([round_]) * 32, _LATER, NOW)] * THREADS)
        assert won.count(True) == 1


def test_of_several_processes_one_spends_it(own_url: str, own_database: Database) -> None:
    SpentTokens(own_database).purge(_EVER)
    with ExitStack() as opened:
        stores = [SpentTokens(opened.enter_context(databases.connected(own_url, threads=2))) for _ in range(THREADS)]
        for round_ in range(_ROUNDS):
            won = at_once([partial(each.claim, bytes([round_]) * 32, _LATER, NOW) for each in stores])
            assert won.count(True) == 1


def test_processes_that_start_together_make_one_table(own_url: str, own_database: Database) -> None:
    for _ in range(_ROUNDS):
        with own_database.transaction() as connection:
            connection.execute(text("DROP TABLE spent_tokens"))
        with ExitStack() as opened:
            connections = [opened.enter_context(databases.connected(own_url, threads=2)) for _ in range(3)]
            stores = at_once([partial(SpentTokens, each) for each in connections])
            assert [each.claim(b"a" * 32, _LATER, NOW) for each in stores] == [True, False, False]


def test_what_has_expired_is_purged_and_nothing_else(own_database: Database) -> None:
    store = SpentTokens(own_database)
    assert store.claim(b"a" * 32, NOW + 10, NOW)
    assert store.claim(b"b" * 32, NOW + 500, NOW)
    assert not store.claim(b"a" * 32, NOW + 10, NOW + 11), "kept a while longer, for an API whose clock runs behind"
    assert store.claim(b"c" * 32, NOW + 7700, NOW + 7300)
    with own_database.read() as connection:
        left = set(connection.execute(text("SELECT token_id FROM spent_tokens")).scalars())
    assert left == {b"b" * 32, b"c" * 32}
    assert not store.claim(b"b" * 32, NOW + 500, NOW + 7301)
    assert store.purge(NOW + 20_000) == 2


def test_a_process_whose_clock_is_an_hour_ahead_makes_no_spent_token_good_again(own_database: Database) -> None:
    SpentTokens(own_database).purge(_EVER)
    right, ahead = SpentTokens(own_database), SpentTokens(own_database)
    assert right.claim(b"a" * 32, NOW + 60, NOW)
    assert ahead.claim(b"b" * 32, NOW + 3660, NOW + 3600)
    assert not right.claim(b"a" * 32, NOW + 60, NOW + 1)


def test_the_memory_is_bounded_and_refuses_where_it_would_have_to_forget() -> None:
    passed = [0]
    memory = SpentMemory(capacity=2, milliseconds=lambda: passed[0])
    assert memory.claim(b"a", NOW + 300, NOW)
    assert memory.claim(b"b", NOW + 10, NOW)
    with pytest.raises(TemporarilyUnavailable):
        memory.claim(b"c", NOW + 10, NOW)
    assert not memory.claim(b"a", NOW + 300, NOW)
    passed[0] = 10_000
    assert memory.claim(b"c", NOW + 60, NOW + 10), "what has expired makes room, whichever came first"
    assert not memory.claim(b"a", NOW + 300, NOW + 10)


def test_a_clock_that_was_ahead_for_a_moment_brings_no_token_to_life() -> None:
    memory = SpentMemory()
    assert memory.claim(b"a", NOW + 60, NOW)
    assert memory.claim(b"b", NOW + 3660, NOW + 3600)
    assert not memory.claim(b"a", NOW + 60, NOW + 1)
