"""Whom to tell that a session has ended: one row for each client that it served, until it was told.

Code of before tells nobody: what it ends while both run is not told of.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, Text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logout_notices",
        Column("notice_id", Text, primary_key=True),
        Column("session_id", String(64), nullable=False),
        Column("account_id", String(64), nullable=False),
        Column("client_id", Text, nullable=False),
        Column("happened_at", BigInteger, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Column("expires_at", BigInteger),
    )
    op.create_index("logout_notices_due", "logout_notices", ["expires_at", "due_at"])
    op.create_index("logout_notices_client_id", "logout_notices", ["client_id"])


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
