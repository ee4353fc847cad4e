"""Purging: expired rows go in small batches, while the server runs."""

import time
from collections.abc import Callable

from sqlalchemy import Column, Delete, Select, Table, bindparam, delete, func, select, text

from authserver.db.engine import DIALECTS, Database
from authserver.db.tables.accounts import attempt_counters, invitations, known_devices
from authserver.db.tables.authorization import interactions, pushed_requests
from authserver.db.tables.clients import initial_access_tokens
from authserver.db.tables.events import events
from authserver.db.tables.grants import authorization_codes, device_authorizations, grants, issued_tokens
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.tables.outbound import letters, logout_notices
from authserver.db.tables.sessions import sessions
from authserver.values import Value

DEFAULT_BATCH_SIZE = 500
_AN_HOUR = 60 * 60
_A_DAY = 24 * _AN_HOUR
_PAUSE_SECONDS = 0.01  # between batches, so that another process waiting for SQLite's write lock finds it free


class Retention(Value, frozen=True):
    """When the rows of one table may go: `grace_seconds` after their `expires_at`."""

    table: Table
    grace_seconds: int

    @property
    def key(self) -> Column[object]:
        """The table's one primary key column."""
        return next(iter(self.table.primary_key.columns))


# A day's grace keeps a spent code or an old refresh token recognisable, so that its replay is seen as one and not as
# an unknown value. A pushed request outlives the pages that were opened from it, which read it: by four times as long
# as one may take, and no more, since anyone can leave one. An id claimed once must outlive what carries it by
# the clock of every node: purged early, what was spent is good again. Consents stay: they are the record of the person.
EXPIRIES = (
    Retention(claimed_ids, _A_DAY),
    Retention(initial_access_tokens, 0),
    Retention(pushed_requests, _AN_HOUR),
    Retention(interactions, _AN_HOUR),
    Retention(authorization_codes, _A_DAY),
    Retention(device_authorizations, _AN_HOUR),
    Retention(issued_tokens, _A_DAY),
    Retention(sessions, _A_DAY),
    Retention(attempt_counters, _A_DAY),
    Retention(known_devices, 0),
    Retention(invitations, _A_DAY),
    Retention(events, 0),
    Retention(letters, 0),
    Retention(logout_notices, 0),
    Retention(grants, _A_DAY),
)


def _expired_keys(expiry: Retention) -> Select[object]:
    expires_at = expiry.table.c.expires_at
    return select(expiry.key).where(expires_at < bindparam("before")).order_by(expires_at).limit(bindparam("rows"))


def _delete_batch(expiry: Retention, dialect: str) -> Delete:
    if dialect == "sqlite":
        return delete(expiry.table).where(expiry.key.in_(_expired_keys(expiry)))
    # Rows that a request holds just now are left for the next batch: a purge waits for no one. Materialized, since
    # PostgreSQL may run a bare sub-select again for each row it looks at, past rows already deleted by then: the batch
    # would have no bound, and had none while the table had no statistics.
    batch = _expired_keys(expiry).with_for_update(skip_locked=True).cte("batch").prefix_with("MATERIALIZED")
    return delete(expiry.table).where(expiry.key.in_(select(batch.c[expiry.key.name])))


def _count(expiry: Retention) -> Select[int]:
    return select(func.count()).select_from(expiry.table).where(expiry.table.c.expires_at < bindparam("before"))


_DELETES = {(expiry.table.name, dialect): _delete_batch(expiry, dialect) for expiry in EXPIRIES for dialect in DIALECTS}
_COUNTS = {expiry.table.name: _count(expiry) for expiry in EXPIRIES}


_TIME = {
    "postgresql": text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)"),
    "sqlite": text("SELECT CAST(strftime('%s', 'now') AS INTEGER)"),
}


def database_clock(database: Database) -> int:
    """Return the database's own time, which is one for all nodes, in seconds since 1970-01-01 UTC."""
    with database.read() as connection:
        return int(connection.execute(_TIME[database.dialect]).scalar_one())


def purge(
    database: Database,
    now: int,
    batch_size: int = DEFAULT_BATCH_SIZE,
    on_batch: Callable[[str, int], None] | None = None,
) -> dict[str, int]:
    """Delete what has expired, oldest first, and answer the rows deleted for each table.

    Each batch is a transaction of its own, so it can be stopped at any moment and nothing waits longer than one batch.
    `on_batch` receives the table's name and the rows just deleted.
    """
    report = on_batch or (lambda _table, _rows: None)
    return {expiry.table.name: _purge_table(database, expiry, now, batch_size, report) for expiry in EXPIRIES}


def count_expired(database: Database, now: int) -> dict[str, int]:
    """Count the rows that a purge would delete now, for each table."""
    with database.read() as connection:
        return {
            expiry.table.name: connection.execute(
                _COUNTS[expiry.table.name], {"before": now - expiry.grace_seconds}
            ).scalar_one()
            for expiry in EXPIRIES
        }


def _purge_table(
    database: Database, expiry: Retention, now: int, batch_size: int, report: Callable[[str, int], None]
) -> int:
    parameters = {"before": now - expiry.grace_seconds, "rows": batch_size}
    total = 0
    while True:
        with database.transaction() as connection:
            deleted = connection.execute(_DELETES[expiry.table.name, database.dialect], parameters).rowcount
        total += deleted
        if deleted:
            report(expiry.table.name, deleted)
        if deleted < batch_size:
            return total
        time.sleep(_PAUSE_SECONDS)
