"""The tables of signing keys: those in use, and those kept so that old signatures can still be checked."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Text

from authserver.db.tables.metadata import metadata

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("algorithm", String(16), nullable=False),
    Column("public_jwk", Text, nullable=False),
    Column("sealed_private_jwk", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("signs_from", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)

archived_keys = Table(
    "archived_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("algorithm", String(16), nullable=False),
    Column("public_jwk", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("signs_from", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)
