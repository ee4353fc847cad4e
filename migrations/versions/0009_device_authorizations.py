"""Devices that poll for the answer of a person (RFC 8628)."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_authorizations",
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
    )
    op.create_index("device_authorizations_user_code_hash", "device_authorizations", ["user_code_hash"], unique=True)
    op.create_index("device_authorizations_expires_at", "device_authorizations", ["expires_at"])


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
