"""The tables of what waits to be sent: letters to people, notices to apps."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from authserver.db.tables.metadata import metadata

letters = Table(
    "letters",
    metadata,
    Column("letter_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),  # none while it waits: no purge takes what was not sent
    Index("letters_account_id", "account_id"),
    Index("letters_due", "expires_at", "due_at"),
)

logout_notices = Table(
    "logout_notices",
    metadata,
    Column("notice_id", Text, primary_key=True),  # the session and the client: one is told of the other once
    Column("session_id", String(64), nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),  # none while it waits: no purge takes what was not sent
    Index("logout_notices_due", "expires_at", "due_at"),
    Index("logout_notices_client_id", "client_id"),
)
