"""The first schema."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clients",
        Column("client_id", Text, primary_key=True),
        Column("metadata", Text, nullable=False),
        Column("secret_hash", LargeBinary(32)),
        Column("profile", String(32), nullable=False),
        Column("is_resource_server", Integer, nullable=False),
        Column("version", Integer, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("disabled_at", BigInteger),
    )
    op.create_table(
        "signing_keys",
        Column("kid", String(64), primary_key=True),
        Column("algorithm", String(16), nullable=False),
        Column("public_jwk", Text, nullable=False),
        Column("sealed_private_jwk", LargeBinary, nullable=False),
        Column("state", String(16), nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("signs_from", BigInteger, nullable=False),
        Column("retired_at", BigInteger),
    )
    op.create_table(
        "claimed_ids",
        Column("id_hash", LargeBinary(32), primary_key=True),
        Column("expires_at", BigInteger, nullable=False),
    )
    op.create_index("claimed_ids_expires_at", "claimed_ids", ["expires_at"])
    op.create_table(
        "pushed_requests",
        Column("request_uri_hash", LargeBinary(32), primary_key=True),
        Column("client_id", Text, nullable=False),
        Column("request", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("spent_at", BigInteger),
    )
    op.create_index("pushed_requests_expires_at", "pushed_requests", ["expires_at"])
    op.create_table(
        "interactions",
        Column("interaction_hash", LargeBinary(32), primary_key=True),
        Column("browser_hash", LargeBinary(32), nullable=False),
        Column("request_uri_hash", LargeBinary(32), nullable=False),
        Column("client_id", Text, nullable=False),
        Column("request", Text, nullable=False),
        Column("opened_with_session", LargeBinary(32)),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("consent_id", String(64)),
        Column("approval_id", String(64)),
        Column("refused_with", String(64)),
        Column("completed_at", BigInteger),
    )
    op.create_index("interactions_expires_at", "interactions", ["expires_at"])
    op.create_table(
        "accounts",
        Column("account_id", String(64), primary_key=True),
        Column("username", Text, nullable=False, unique=True),
        Column("password_hash", Text),
        Column("claims", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("locked_at", BigInteger),
        Column("passkey_offered_at", BigInteger),
    )
    op.create_table(
        "totp_credentials",
        Column("account_id", String(64), primary_key=True),
        Column("sealed_seed", LargeBinary, nullable=False),
        Column("last_time_step", BigInteger, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("last_used_at", BigInteger),
    )
    op.create_table(
        "passkeys",
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
    )
    op.create_index("passkeys_account_id", "passkeys", ["account_id"])
    op.create_table(
        "recovery_codes",
        Column("code_hash", LargeBinary(32), primary_key=True),
        Column("account_id", String(64), nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("used_at", BigInteger),
    )
    op.create_index("recovery_codes_account_id", "recovery_codes", ["account_id"])
    op.create_table(
        "attempt_counters",
        Column("counter_hash", LargeBinary(32), primary_key=True),
        Column("failures", Integer, nullable=False),
        Column("blocks", Integer, nullable=False),
        Column("blocked_until", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
    )
    op.create_index("attempt_counters_expires_at", "attempt_counters", ["expires_at"])
    op.create_table(
        "known_devices",
        Column("device_hash", LargeBinary(32), primary_key=True),
        Column("account_id", String(64), nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("last_used_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
    )
    op.create_index("known_devices_account_id", "known_devices", ["account_id"])
    op.create_index("known_devices_expires_at", "known_devices", ["expires_at"])
    op.create_table(
        "invitations",
        Column("invitation_hash", LargeBinary(32), primary_key=True),
        Column("account_id", String(64), nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("claimed_at", BigInteger),
    )
    op.create_index("invitations_expires_at", "invitations", ["expires_at"])
    op.create_table(
        "activities",
        Column("activity_id", String(64), primary_key=True),
        Column("account_id", String(64), nullable=False),
        Column("name", String(64), nullable=False),
        Column("happened_at", BigInteger, nullable=False),
        Column("client_id", Text),
        Column("detail", Text, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
    )
    op.create_index("activities_account", "activities", ["account_id", "happened_at"])
    op.create_index("activities_expires_at", "activities", ["expires_at"])
    op.create_table(
        "approvals",
        Column("approval_id", String(64), primary_key=True),
        Column("interaction_hash", LargeBinary(32), nullable=False, unique=True),
        Column("account_id", String(64), nullable=False),
        Column("client_id", Text, nullable=False),
        Column("method", String(16), nullable=False),
        Column("linked", Integer, nullable=False),
        Column("evidence", Text, nullable=False),
        Column("approved_at", BigInteger, nullable=False),
    )
    op.create_index("approvals_account_id", "approvals", ["account_id"])
    op.create_table(
        "sessions",
        Column("session_hash", LargeBinary(32), primary_key=True),
        Column("session_id", String(64), nullable=False),
        Column("account_id", String(64), nullable=False),
        Column("factors", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("authenticated_at", BigInteger, nullable=False),
        Column("last_seen_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("ended_at", BigInteger),
        Column("browser", Text, nullable=False),
    )
    op.create_index("sessions_account_id", "sessions", ["account_id"])
    op.create_index("sessions_expires_at", "sessions", ["expires_at"])
    op.create_table(
        "consents",
        Column("consent_id", String(64), primary_key=True),
        Column("account_id", String(64), nullable=False),
        Column("client_id", Text, nullable=False),
        Column("scope", Text, nullable=False),
        Column("claims", Text, nullable=False),
        Column("resources", Text, nullable=False),
        Column("authorization_details", Text, nullable=False),
        Column("granted_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("revoked_at", BigInteger),
    )
    op.create_index("consents_account_client", "consents", ["account_id", "client_id"])
    op.create_table(
        "grants",
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
        Column("last_used_at", BigInteger, nullable=False),
        Column("revoked_at", BigInteger),
        Column("revoked_because", String(64)),
    )
    op.create_index("grants_account_id", "grants", ["account_id"])
    op.create_index("grants_consent_id", "grants", ["consent_id"])
    op.create_index("grants_expires_at", "grants", ["expires_at"])
    op.create_table(
        "authorization_codes",
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
    )
    op.create_index("authorization_codes_expires_at", "authorization_codes", ["expires_at"])
    op.create_table(
        "issued_tokens",
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
    )
    op.create_index("issued_tokens_expires_at", "issued_tokens", ["expires_at"])
    op.create_index("issued_tokens_grant", "issued_tokens", ["grant_id", "generation"])


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
