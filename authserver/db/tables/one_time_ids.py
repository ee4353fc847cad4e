"""The table of ids that were used once, until they may be forgotten."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from authserver.db.tables.metadata import metadata

claimed_ids = Table(
    "claimed_ids",
    metadata,
    Column("id_hash", LargeBinary(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("claimed_ids_expires_at", "expires_at"),
)
