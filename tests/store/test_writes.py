"""What a request writes as one value: all of it or nothing, but for the ids, on either database."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Update, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from authserver.db.engine import Database
from authserver.db.one_time_ids import OneTimeId
from authserver.db.tables.keys import signing_keys
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.writes import Move, Row, Writes
from authserver.protocol.errors import InvalidClient, TemporarilyUnavailable
from tests.support import databases

_RETIRE: Update = (
    update(signing_keys)
    .where(signing_keys.c.kid == bindparam("key"), signing_keys.c.retired_at.is_(None))
    .values(retired_at=bindparam("now"))
)

_SIGN_FROM: Update = (
    update(signing_keys).where(signing_keys.c.kid == bindparam("other_key")).values(signs_from=bindparam("moment"))
)


def _refuse() -> InvalidClient:
    return InvalidClient(reason="used before", clause="RFC7523-3-7")


def _id(name: str) -> OneTimeId:
    return OneTimeId(name.encode().ljust(32, b"."), 100, _refuse)


def _row(kid: str) -> Row:
    values = {
        "kid": kid,
        "algorithm": "ES256",
        "public_jwk": "{}",
        "sealed_private_jwk": b"\x00\xff",
        "state": "announced",
        "created_at": 1,
        "signs_from": 2,
        "retired_at": None,
    }
    return Row(signing_keys, values)


def _retire(kid: str, now: int = 9) -> Move:
    return Move(_RETIRE, {"key": kid, "now": now})


def _kids(database: Database) -> list[str]:
    with database.read() as connection:
        return [kid for (kid,) in connection.execute(select(signing_keys.c.kid).order_by(signing_keys.c.kid))]


def _signs_from(database: Database, kid: str) -> int:
    with database.read() as connection:
        return int(connection.execute(select(signing_keys.c.signs_from).where(signing_keys.c.kid == kid)).scalar_one())


def _claimed(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(claimed_ids)).scalar_one())


def test_everything_is_written(database: Database) -> None:
    assert database.write(Writes(rows=(_row("old"),)))
    assert database.write(Writes((_id("a"), _id("b")), (_retire("old"),), (_row("new"), _row("newer"))))
    assert _kids(database) == ["new", "newer", "old"]
    assert _claimed(database) == 2
    with database.read() as connection:
        found = connection.execute(select(signing_keys).where(signing_keys.c.kid == "new")).mappings().one()
    assert dict(found) == dict(_row("new").values)


def test_nothing_at_all_may_be_written(database: Database) -> None:
    assert database.write(Writes())


def test_an_id_claimed_before_is_refused_and_nothing_else_is_written(database: Database) -> None:
    database.write(Writes((_id("a"),), rows=(_row("old"),)))
    with pytest.raises(InvalidClient, match="failed"):
        database.write(Writes((_id("b"), _id("a")), (_retire("old"),), (_row("new"),)))
    assert _kids(database) == ["old"]
    assert database.write(Writes(moves=(_retire("old"),)))
    with pytest.raises(InvalidClient):
        database.write(Writes((_id("b"),)))


def test_a_row_not_as_expected_leaves_the_ids_claimed_and_nothing_else(database: Database) -> None:
    assert not database.write(Writes((_id("a"),), (_retire("none"),), (_row("new"),)))
    assert _kids(database) == []
    assert _claimed(database) == 1


def test_each_move_needs_the_one_before_it_and_the_rows_need_all(database: Database) -> None:
    database.write(Writes(rows=(_row("old"), _row("older"))))
    second = Move(_SIGN_FROM, {"other_key": "older", "moment": 7})
    assert not database.write(Writes(moves=(_retire("none"), second), rows=(_row("new"),)))
    assert _signs_from(database, "older") == 2
    assert not database.write(Writes(moves=(second, _retire("none")), rows=(_row("new"),)))
    assert _signs_from(database, "older") == 7
    assert _kids(database) == ["old", "older"]
    third = Move(_SIGN_FROM, {"other_key": "older", "moment": 8})
    assert database.write(Writes(moves=(_retire("old"), third), rows=(_row("new"),)))
    assert _signs_from(database, "older") == 8
    assert _kids(database) == ["new", "old", "older"]


def test_two_moves_that_name_a_value_the_same_are_refused(postgresql_url: str) -> None:
    with (
        databases.connected(postgresql_url) as database,
        pytest.raises(ValueError, match="name a value the same"),
    ):
        database.write(Writes(moves=(_retire("old"), _retire("older"))))


def test_a_row_that_is_there_already_undoes_the_whole_and_no_one_elses(database: Database) -> None:
    database.write(Writes(rows=(_row("one"),)))
    with pytest.raises(IntegrityError):
        database.write(Writes((_id("a"),), rows=(_row("two"), _row("one"))))
    assert _kids(database) == ["one"]
    assert _claimed(database) == 0


def _race(acts: Sequence[Callable[[], bool]]) -> list[object]:
    """Do all at once and return what each came to: its answer or its refusal."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], bool]) -> object:
        gate.wait()
        try:
            return act()
        except (InvalidClient, IntegrityError) as error:
            return type(error)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("attempt", range(20))
def test_of_many_who_move_one_row_one_does_and_only_its_rows_are_added(database: Database, attempt: int) -> None:
    database.write(Writes(rows=(_row("row"),)))
    acts = [
        partial(database.write, Writes((_id(f"{attempt} {number}"),), (_retire("row", number),), (_row(f"z{number}"),)))
        for number in range(6)
    ]
    outcomes = _race(acts)
    assert sorted(map(str, outcomes)) == ["False"] * 5 + ["True"]
    winner = outcomes.index(True)
    assert _kids(database) == ["row", f"z{winner}"]
    with database.read() as connection:
        at = connection.execute(select(signing_keys.c.retired_at).where(signing_keys.c.kid == "row")).scalar_one()
    assert at == winner
    assert _claimed(database) == 6


@pytest.mark.parametrize("attempt", range(20))
def test_of_many_with_one_id_one_writes(database: Database, attempt: int) -> None:
    acts = [partial(database.write, Writes((_id(str(attempt)),), rows=(_row(f"z{number}"),))) for number in range(6)]
    outcomes = _race(acts)
    assert outcomes.count(True) == 1
    assert outcomes.count(InvalidClient) == 5
    assert _kids(database) == [f"z{outcomes.index(True)}"]


@pytest.mark.parametrize("attempt", range(20))
def test_one_that_cannot_be_written_takes_no_other_with_it(database: Database, attempt: int) -> None:
    """Writes that wait together share a commit on SQLite; the fault of one is its own."""
    database.write(Writes(rows=(_row("there"),)))
    names = ["there", "a", "b", "there", "c", "d"]
    acts = [
        partial(database.write, Writes((_id(f"{attempt} {name}"),) if name != "there" else (), rows=(_row(name),)))
        for name in names
    ]
    outcomes = _race(acts)
    assert [outcome for outcome, name in zip(outcomes, names, strict=True) if name == "there"] == [IntegrityError] * 2
    assert _kids(database) == ["a", "b", "c", "d", "there"]


def test_writes_wait_for_a_transaction_and_it_for_them(database: Database) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            connection.execute(insert(signing_keys), dict(_row("first").values))
            later = pool.submit(database.write, Writes(moves=(_retire("other"),), rows=(_row("second"),)))
            assert _kids(database) == []
        assert later.result() is False
    assert _kids(database) == ["first"]


def test_a_turn_that_does_not_come_in_time_writes_nothing_later(sqlite_url: str) -> None:
    with databases.connected(sqlite_url, patience_seconds=0.1) as database, ThreadPoolExecutor(1) as pool:
        with database.transaction():
            failure = pool.submit(database.write, Writes(rows=(_row("late"),))).exception()
        assert isinstance(failure, TemporarilyUnavailable)
        assert database.write(Writes(rows=(_row("in time"),)))
        assert _kids(database) == ["in time"]
