"""The tables of people: accounts, what each person proves themselves by, failed tries, known devices, invitations."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from authserver.db.tables.metadata import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("claims", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("locked_at", BigInteger),
    Column("passkey_offered_at", BigInteger),
)

totp_credentials = Table(
    "totp_credentials",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("sealed_seed", LargeBinary, nullable=False),
    Column("last_time_step", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("passkey_id", String(64), primary_key=True),
    Column("credential_hash", LargeBinary(32), nullable=False, unique=True),
    Column("credential_id", LargeBinary, nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("backup_eligible", Integer, nullable=False),
    Column("backed_up", Integer, nullable=False),
    Column("aaguid", String(36), nullable=False),
    Column("transports", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("disabled_at", BigInteger),
    Index("passkeys_account_id", "account_id"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", LargeBinary(32), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index("recovery_codes_account_id", "account_id"),
)

attempt_counters = Table(
    "attempt_counters",
    metadata,
    Column("counter_hash", LargeBinary(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocks", Integer, nullable=False),
    Column("blocked_until", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("attempt_counters_expires_at", "expires_at"),
)

known_devices = Table(
    "known_devices",
    metadata,
    Column("device_hash", LargeBinary(32), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("known_devices_account_id", "account_id"),
    Index("known_devices_expires_at", "expires_at"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("invitation_hash", LargeBinary(32), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("claimed_at", BigInteger),
    Index("invitations_expires_at", "expires_at"),
)
