"""Deleted clients leave a row behind, so that their ids are never used again; also those deleted before this."""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clients", Column("deleted_at", BigInteger))
    # What a client that was deleted before this left under its id would be inherited with the id.
    op.execute(
        """
        INSERT INTO clients
            (client_id, metadata, profile, is_resource_server, version, created_at, disabled_at, deleted_at)
        SELECT client_id, '{}', '', 0, 1, MIN(granted_at), MAX(granted_at), MAX(granted_at)
        FROM consents
        WHERE client_id NOT IN (SELECT client_id FROM clients)
        GROUP BY client_id
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM clients WHERE deleted_at IS NOT NULL")
    op.drop_column("clients", "deleted_at")
