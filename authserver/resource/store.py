"""Spent tokens in a database of the API's own, SQLite or PostgreSQL, shared by all its processes."""

from threading import Lock
from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, bindparam, delete, text
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from authserver.clock import is_fresh
from authserver.db.engine import DIALECTS, Database
from authserver.db.upsert import insert_for

_PURGE_SECONDS = 60
# A host whose clock is an hour ahead forgets for all: what another still takes must be remembered even so.
_KEPT_SECONDS = 7200

_spent_tokens = Table(
    "spent_tokens",
    MetaData(),
    Column("token_id", LargeBinary(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("spent_tokens_expires_at", "expires_at"),
)
_CREATE: Final[tuple[ExecutableDDLElement, ...]] = (
    CreateTable(_spent_tokens, if_not_exists=True),
    *(CreateIndex(index, if_not_exists=True) for index in _spent_tokens.indexes),
)
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtext('spent_tokens'))")
_CLAIM: Final = {
    dialect: insert_for(dialect, _spent_tokens)
    .values(token_id=bindparam("token_id"), expires_at=bindparam("expires_at"))
    .on_conflict_do_nothing()
    for dialect in DIALECTS
}
_PURGE: Final = delete(_spent_tokens).where(_spent_tokens.c.expires_at <= bindparam("now"))


class SpentTokens:
    """Remembers spent tokens in a table, which it makes where it is missing; expired ones go once a minute."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._purged_at: int | None = None
        self._lock = Lock()
        with database.transaction() as connection:
            if database.dialect == "postgresql":
                # Of two processes that start together one would fail: IF NOT EXISTS does not wait there.
                connection.execute(_LOCK)
            for statement in _CREATE:
                connection.execute(statement)

    def claim(self, token_id: bytes, expires_at: int, now: int) -> bool:
        """Remember an id until that time; True for exactly one caller, of whichever process.

        One statement, and its row count decides: of two at the same moment the second waits for the first.
        """
        if self._is_time_to_purge(now):
            self.purge(now)
        values = {"token_id": token_id, "expires_at": expires_at + _KEPT_SECONDS}
        with self._database.single() as connection:
            return connection.execute(_CLAIM[self._database.dialect], values).rowcount == 1

    def purge(self, now: int) -> int:
        """Forget what has expired; answers how many that were."""
        with self._database.single() as connection:
            return connection.execute(_PURGE, {"now": now}).rowcount

    def _is_time_to_purge(self, now: int) -> bool:
        with self._lock:
            if self._purged_at is not None and is_fresh(self._purged_at, _PURGE_SECONDS, now):
                return False
            self._purged_at = now
            return True
