"""The tables of what was approved and issued: consents, grants, codes, device codes, tokens."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from authserver.db.tables.metadata import metadata

consents = Table(
    "consents",
    metadata,
    Column("consent_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("claims", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("authorization_details", Text, nullable=False, default="[]"),
    Column("granted_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Index("consents_account_client", "account_id", "client_id"),
)

grants = Table(
    "grants",
    metadata,
    Column("grant_id", String(64), primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("consent_id", String(64), nullable=False),
    Column("session_id", String(64), nullable=False),
    Column("details", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("refresh_generation", Integer, nullable=False),
    Column("refresh_expires_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False, default=0),
    Column("revoked_at", BigInteger),
    Column("revoked_because", String(64)),
    Index("grants_expires_at", "expires_at"),
    Index("grants_account_id", "account_id"),
    Index("grants_consent_id", "consent_id"),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("code_hash", LargeBinary(32), primary_key=True),
    Column("grant_id", String(64), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("redirect_uri_sent", Integer, nullable=False),
    Column("code_challenge", Text),
    Column("dpop_jkt", Text),
    Column("nonce", Text),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("claimed_at", BigInteger),
    Index("authorization_codes_expires_at", "expires_at"),
)

device_authorizations = Table(
    "device_authorizations",
    metadata,
    Column("device_code_hash", LargeBinary(32), primary_key=True),
    Column("user_code_hash", LargeBinary(32), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("asked_from", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("interval_seconds", Integer, nullable=False),
    Column("polled_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("refused_with", String(64)),
    Index("device_authorizations_user_code_hash", "user_code_hash", unique=True),
    Index("device_authorizations_expires_at", "expires_at"),
)

issued_tokens = Table(
    "issued_tokens",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("grant_id", String(64)),
    Column("generation", Integer, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("account_id", String(64)),
    Column("claims", Text, nullable=False),
    Column("sealed_token", LargeBinary),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Index("issued_tokens_expires_at", "expires_at"),
    Index("issued_tokens_grant", "grant_id", "generation"),
)
