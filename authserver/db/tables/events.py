"""The tables of events: what happened, how far its rows are numbered, and how far each reader has come."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, text

from authserver.db.tables.metadata import metadata

# Code of before the table had this name adds its rows through a view `activities`, hence the defaults.
events = Table(
    "events",
    metadata,
    Column("event_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("client_id", Text),
    Column("thing", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("actor_role", String(16), nullable=False, server_default="person"),
    Column("actor", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default="{}"),
    Column("correlation_id", Text, nullable=False, server_default=""),
    Column("position", BigInteger),  # none until it was numbered, after its commit; 0: of before there were numbers
    Index("events_account", "account_id", "happened_at"),
    Index("events_expires_at", "expires_at"),
    Index("events_position", "position"),
    Index(
        "events_unnumbered",
        "happened_at",
        "event_id",
        sqlite_where=text("position IS NULL"),
        postgresql_where=text("position IS NULL"),
    ),
)

event_numbers = Table(
    "event_numbers",
    metadata,
    Column("name", String(16), primary_key=True),  # one row: whoever numbers holds it
    Column("last", BigInteger, nullable=False),
)

event_readers = Table(
    "event_readers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("read_at", BigInteger, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("held_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String(64), nullable=False),
)
