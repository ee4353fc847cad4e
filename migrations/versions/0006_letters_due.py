"""One index finds the letters that are due, and those that were given up and may go."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("letters_due", "letters", ["expires_at", "due_at"])
    op.drop_index("letters_due_at", "letters")
    op.drop_index("letters_expires_at", "letters")


def downgrade() -> None:
    op.create_index("letters_due_at", "letters", ["due_at"])
    op.create_index("letters_expires_at", "letters", ["expires_at"])
    op.drop_index("letters_due", "letters")
