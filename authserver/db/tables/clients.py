"""The tables of clients: what each registered, its secrets and tokens as hashes, and the origins of its pages."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from authserver.db.tables.metadata import metadata

clients = Table(
    "clients",
    metadata,
    Column("client_id", Text, primary_key=True),
    Column("metadata", Text, nullable=False),
    Column("secret_hash", LargeBinary(32)),
    Column("profile", String(32), nullable=False),
    Column("is_resource_server", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("deleted_at", BigInteger),
    Column("previous_secret_hash", LargeBinary(32)),
    Column("previous_secret_until", BigInteger),
    Column("registered_by", String(16)),  # empty: an operator
    Column("registration_token_hash", LargeBinary(32)),
    Column("previous_registration_token_hash", LargeBinary(32)),
)

initial_access_tokens = Table(
    "initial_access_tokens",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("profile", String(32), nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("initial_access_tokens_expires_at", "expires_at"),
)

client_origins = Table(
    "client_origins",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Index("client_origins_client_id", "client_id"),
)
