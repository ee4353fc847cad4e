"""What one request writes, as one value: the ids it uses up, the rows it moves on, the rows it adds.

Being a value, it needs no open transaction between its parts: PostgreSQL does it in one statement that commits itself,
one round trip instead of four, and SQLite commits the writes of several threads together.
"""

from collections.abc import Mapping
from functools import cache

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    Table,
    Update,
    bindparam,
    exists,
    false,
    func,
    insert,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql

from authserver.db.one_time_ids import OneTimeId, claim_ids, claim_values
from authserver.db.statement import Statement
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.values import Value

_MOVED = b""
"""Stands among the claimed ids in PostgreSQL's answer where the row was moved on; no id's hash is empty."""


class Move(Value, frozen=True):
    """A conditional UPDATE of one row and its values."""

    update: Update
    values: Mapping[str, object]


class Row(Value, frozen=True):
    """A row to add to a table: a value for each of the columns named."""

    table: Table
    values: Mapping[str, object]


class Writes(Value, frozen=True):
    """What one request writes.

    The ids are claimed whatever becomes of the rest. Where every one was free the moves are made, each only where the
    one before it found its row as it expected; where all did, or there is none to make, the rows are added. No two
    moves may name a value the same, nor call one `id_hash_0`, `expires_at_0`, `row_0_...`.
    """

    ids: tuple[OneTimeId, ...] = ()
    moves: tuple[Move, ...] = ()
    rows: tuple[Row, ...] = ()


def check_written(writes: Writes, answers: frozenset[bytes]) -> bool:
    """Return whether all was written; false where a row to move was not as expected.

    Raises the refusal of the first id that was claimed before.

    Spec: RFC7523-3-7, RFC9449-11.1
    """
    for one in writes.ids:
        if one.id_hash not in answers:
            raise one.refuse()
    return not writes.moves or _MOVED in answers


def write_as_one(connection: Connection, writes: Writes) -> frozenset[bytes]:
    """Write by one statement of PostgreSQL; return the ids that were claimed, and `_MOVED` where all was moved."""
    shape = tuple((row.table, tuple(row.values)) for row in writes.rows)
    statement, names = _as_one(len(writes.ids), tuple(move.update for move in writes.moves), shape)
    values = claim_values(writes.ids)
    for move in writes.moves:
        values.update(move.values)
    for row, named in zip(writes.rows, names, strict=True):
        values.update(zip(named, row.values.values(), strict=True))
    return frozenset(answer for (answer,) in statement.rows(connection, values))


def write_in_turn(connection: Connection, writes: Writes) -> frozenset[bytes]:
    """Write by several statements in the transaction that is open; the answer is that of `write_as_one`."""
    answers = claim_ids(connection, writes.ids)
    if len(answers) < len(writes.ids):
        return answers
    for move in writes.moves:
        if _statement(move.update).count(connection, move.values) != 1:
            return answers
    if writes.moves:
        answers |= {_MOVED}
    for row in writes.rows:
        add_row(connection, row)
    return answers


def write_within(connection: Connection, writes: Writes) -> bool:
    """Write in the transaction that is open; the answer and what is raised are those of `Database.write`."""
    return check_written(writes, write_in_turn(connection, writes))


def add_row(connection: Connection, row: Row) -> None:
    """Add a row in the transaction that is open."""
    _insertion(row.table, tuple(row.values)).run(connection, row.values)


_statement = cache(Statement)


@cache
def _insertion(table: Table, columns: tuple[str, ...]) -> Statement:
    return Statement(insert(table), columns)


@cache
def _as_one(
    ids: int, updates: tuple[Update, ...], rows: tuple[tuple[Table, tuple[str, ...]], ...]
) -> tuple[Statement, tuple[tuple[str, ...], ...]]:
    """Build the one statement: each part is a CTE and happens only where what it reads of those before it says so.

    Beside it stand the names of each row's values in it. A part that waits for another's row lock looks at the row
    again, not at the parts before: those have happened.
    Raises ValueError for two moves that name a value the same: one would be made with the other's.
    """
    moved_by = [name for update in updates for name in update.compile().params]
    if len(moved_by) > len(set(moved_by)):
        raise ValueError("two moves name a value the same")
    conditions: list[ColumnElement[bool]] = []
    answers: list[Select[tuple[bytes]]] = []
    if ids:
        claimed = _claimed(ids)
        conditions.append(select(func.count()).select_from(claimed).scalar_subquery() == literal_column(str(ids)))
        answers.append(select(claimed.c.id_hash))
    for place, update in enumerate(updates):
        moved = update.where(*conditions).returning(literal_column("1").label("one")).cte(f"moved_{place}")
        conditions = [exists(select(moved.c.one))]
        if place == len(updates) - 1:
            answers.append(select(literal_column("''::bytea")).select_from(moved))
    names = tuple(tuple(f"row_{place}_{name}" for name in columns) for place, (_, columns) in enumerate(rows))
    added = [_added(place, row, names[place], conditions) for place, row in enumerate(rows)]
    if not answers:
        answers.append(select(literal_column("''::bytea")).where(false()))
    return Statement(union_all(*answers).add_cte(*added)), names


def _claimed(ids: int) -> CTE:
    places: list[dict[str, object]] = [
        {"id_hash": bindparam(f"id_hash_{place}"), "expires_at": bindparam(f"expires_at_{place}")}
        for place in range(ids)
    ]
    insertion = postgresql.insert(claimed_ids).values(places).on_conflict_do_nothing(index_elements=["id_hash"])
    return insertion.returning(claimed_ids.c.id_hash).cte("claimed")


def _added(
    place: int, row: tuple[Table, tuple[str, ...]], names: tuple[str, ...], conditions: list[ColumnElement[bool]]
) -> CTE:
    table, columns = row
    values = [bindparam(name, type_=table.c[column].type) for name, column in zip(names, columns, strict=True)]
    return insert(table).from_select(columns, select(*values).where(*conditions)).cte(f"added_{place}")
