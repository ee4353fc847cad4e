"""The text of a statement for one driver, and what it came to."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.dialects.postgresql import psycopg as postgresql_dialect
from sqlalchemy.dialects.sqlite import pysqlite as sqlite_dialect
from sqlalchemy.sql.compiler import SQLCompiler

from authserver.values import Value

_DIALECTS: Mapping[str, Dialect] = {
    "postgresql": postgresql_dialect.dialect(paramstyle="numeric_dollar"),  # type: ignore[no-untyped-call]
    "sqlite": sqlite_dialect.dialect(paramstyle="qmark"),
}


class Compiled(Value, frozen=True):
    """A statement as a driver takes it: `order` names the values by place, `fixed` holds those that never change.

    `name` is that of the statement once PostgreSQL has prepared it.
    """

    sql: str
    order: tuple[str, ...]
    fixed: Mapping[str, object]
    name: bytes

    def arrange(self, values: Mapping[str, object]) -> list[object]:
        """Return the values in the order of their places; raises KeyError where one is missing."""
        fixed = self.fixed
        if not fixed:
            return [values[name] for name in self.order]
        return [fixed[name] if name in fixed else values[name] for name in self.order]


class Outcome(NamedTuple):
    """What a statement came to: the rows it returned, and how many it wrote."""

    rows: Sequence[tuple[Any, ...]]
    written: int


def compile_for(dialect: str, core: ClauseElement, columns: Sequence[str] | None = None) -> Compiled:
    """Compile a statement of Core; `columns` are those that an INSERT is given values for."""
    compiled = core.compile(dialect=_DIALECTS[dialect], column_keys=None if columns is None else list(columns))
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("only a statement can be compiled")
    sql = compiled.string
    fixed = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
    name = hashlib.sha256(sql.encode()).hexdigest()[:32].encode()
    return Compiled(sql, tuple(compiled.positiontup or ()), fixed, name)
