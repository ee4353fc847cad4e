"""Events get a number after their commit, and readers a position among them.

What happened before has number 0, so that no row need be numbered that nobody was waiting for. Code of before adds its
rows without a number, as this code does.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String, text

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.add_column("events", Column("position", BigInteger))
        op.execute("UPDATE events SET position = 0")
    else:  # the default is kept beside the rows that there are, none of which is written
        op.execute("ALTER TABLE events ADD COLUMN position BIGINT DEFAULT 0")
        op.execute("ALTER TABLE events ALTER COLUMN position DROP DEFAULT")
    op.create_index("events_position", "events", ["position"])
    unnumbered = text("position IS NULL")
    op.create_index(
        "events_unnumbered",
        "events",
        ["happened_at", "event_id"],
        sqlite_where=unnumbered,
        postgresql_where=unnumbered,
    )
    op.create_table(
        "event_numbers",
        Column("name", String(16), primary_key=True),
        Column("last", BigInteger, nullable=False),
    )
    op.create_table(
        "event_readers",
        Column("name", String(64), primary_key=True),
        Column("position", BigInteger, nullable=False),
        Column("started_at", BigInteger, nullable=False),
        Column("read_at", BigInteger, nullable=False),
        Column("holder", String(64), nullable=False),
        Column("held_until", BigInteger, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("error", String(64), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
