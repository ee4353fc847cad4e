"""The tables of requests under way: pushed by an app, and carried out in a browser."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from authserver.db.tables.metadata import metadata

pushed_requests = Table(
    "pushed_requests",
    metadata,
    Column("request_uri_hash", LargeBinary(32), primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("spent_at", BigInteger),
    Index("pushed_requests_expires_at", "expires_at"),
)

interactions = Table(
    "interactions",
    metadata,
    Column("interaction_hash", LargeBinary(32), primary_key=True),
    Column("browser_hash", LargeBinary(32), nullable=False),
    Column("request_uri_hash", LargeBinary(32), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("request", Text, nullable=False),  # empty: it stands in `pushed_requests`; here for nodes of before
    Column("opened_with_session", LargeBinary(32)),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("consent_id", String(64)),
    Column("approval_id", String(64)),
    Column("refused_with", String(64)),
    Column("completed_at", BigInteger),
    Index("interactions_expires_at", "expires_at"),
)
