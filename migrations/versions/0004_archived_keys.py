"""The public halves of signing keys that are published no more."""

from alembic import op
from sqlalchemy import BigInteger, Column, String, Text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archived_keys",
        Column("kid", String(64), primary_key=True),
        Column("algorithm", String(16), nullable=False),
        Column("public_jwk", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("signs_from", BigInteger, nullable=False),
        Column("retired_at", BigInteger),
    )


def downgrade() -> None:
    op.drop_table("archived_keys")
