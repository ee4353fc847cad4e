"""The table of approved payments, each with its proof."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from authserver.db.tables.metadata import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", String(64), primary_key=True),
    Column("interaction_hash", LargeBinary(32), nullable=False, unique=True),
    Column("account_id", String(64), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("method", String(16), nullable=False),
    Column("linked", Integer, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("approved_at", BigInteger, nullable=False),
    Index("approvals_account_id", "account_id"),
)
