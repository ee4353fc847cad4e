"""The table of signed-in browsers."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from authserver.db.tables.metadata import metadata

sessions = Table(
    "sessions",
    metadata,
    Column("session_hash", LargeBinary(32), primary_key=True),
    Column("session_id", String(64), nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("factors", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("authenticated_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("browser", Text, nullable=False, default=""),
    Index("sessions_expires_at", "expires_at"),
    Index("sessions_account_id", "account_id"),
)
