"""INSERT with ON CONFLICT, which each dialect spells in a class of its own."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Build an INSERT that knows `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded`.

    Build it once for each of `engine.DIALECTS` in a module constant, and pick by `connection.dialect.name`.
    Its row count can be believed: without the option PostgreSQL's is lost when the cursor closes, and reads -1.
    """
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return insert.execution_options(preserve_rowcount=True)
