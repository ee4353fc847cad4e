"""The whole schema.

Times are whole seconds since 1970-01-01 UTC. Whatever a caller holds (a token, a code, a cookie) is stored as its
SHA-256; what must be shown again is sealed. Rows keep ids of neighbours, not foreign keys; each slice purges its own.

Text that came from outside is `Text`: its length is a rule of the edge that parses it, and the two databases would
disagree on a longer value (SQLite keeps it, PostgreSQL answers with an error). Lengths stand on our own words and ids.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from authserver.db import event_tables, grant_tables, key_tables

metadata = key_tables.metadata
signing_keys = key_tables.signing_keys
archived_keys = key_tables.archived_keys
events = event_tables.events
event_readers = event_tables.event_readers
event_numbers = event_tables.event_numbers
consents = grant_tables.consents
grants = grant_tables.grants
authorization_codes = grant_tables.authorization_codes
device_authorizations = grant_tables.device_authorizations
issued_tokens = grant_tables.issued_tokens

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
)

client_origins = Table(
    "client_origins",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Index("client_origins_client_id", "client_id"),
)

claimed_ids = Table(
    "claimed_ids",
    metadata,
    Column("id_hash", LargeBinary(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index("claimed_ids_expires_at", "expires_at"),
)

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
