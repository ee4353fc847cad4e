"""The origins of apps that run in a browser, so that a browser's question can be answered by one look.

No release before this one knew such apps; one that was registered by code in between needs a `client update`.
"""

from alembic import op
from sqlalchemy import Column, Text

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "client_origins",
        Column("origin", Text, primary_key=True),
        Column("client_id", Text, primary_key=True),
    )
    op.create_index("client_origins_client_id", "client_origins", ["client_id"])


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
