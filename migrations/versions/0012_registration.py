"""Clients that register themselves (RFC 7591, RFC 7592)."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clients", Column("registered_by", String(16)))
    op.add_column("clients", Column("registration_token_hash", LargeBinary(32)))
    op.add_column("clients", Column("previous_registration_token_hash", LargeBinary(32)))
    op.create_table(
        "initial_access_tokens",
        Column("token_hash", LargeBinary(32), primary_key=True),
        Column("profile", String(32), nullable=False),
        Column("uses_left", Integer, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
    )
    op.create_index("initial_access_tokens_expires_at", "initial_access_tokens", ["expires_at"])


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
