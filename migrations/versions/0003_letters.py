"""Letters wait in the database."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letters",
        Column("letter_id", String(64), primary_key=True),
        Column("account_id", String(64), nullable=False),
        Column("name", String(64), nullable=False),
        Column("detail", Text, nullable=False),
        Column("language", String(8), nullable=False),
        Column("happened_at", BigInteger, nullable=False),
        Column("times", Integer, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger),
    )
    op.create_index("letters_account_id", "letters", ["account_id"])
    op.create_index("letters_due_at", "letters", ["due_at"])
    op.create_index("letters_expires_at", "letters", ["expires_at"])


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
