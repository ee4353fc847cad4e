"""A client's previous secret stays good for a while after its secret was changed."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clients", Column("previous_secret_hash", LargeBinary(32)))
    op.add_column("clients", Column("previous_secret_until", BigInteger))


def downgrade() -> None:
    op.drop_column("clients", "previous_secret_until")
    op.drop_column("clients", "previous_secret_hash")
