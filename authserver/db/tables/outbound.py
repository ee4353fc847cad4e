"""The table of letters that wait to be sent."""

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
