"""Activities become events: the same rows under another name, with who did it and why.

Nothing is copied and no row is written, however many there are. Code of before reads and writes through a view of the
old name; its names of things that happened are understood for as long as there are such rows.
"""

from alembic import op
from sqlalchemy import Column, String, Text

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_VIEW = """
    CREATE VIEW activities AS
    SELECT event_id AS activity_id, account_id, kind AS name, happened_at, client_id, thing AS detail, expires_at
    FROM events
"""
# A view of PostgreSQL's passes such changes on by itself.
_SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER activities_insert INSTEAD OF INSERT ON activities BEGIN
        INSERT INTO events (event_id, account_id, kind, happened_at, client_id, thing, expires_at)
        VALUES (new.activity_id, new.account_id, new.name, new.happened_at, new.client_id, new.detail, new.expires_at);
    END
    """,
    """
    CREATE TRIGGER activities_delete INSTEAD OF DELETE ON activities BEGIN
        DELETE FROM events WHERE event_id = old.activity_id;
    END
    """,
)


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.rename_table("activities", "events")
    for before, after in (("activity_id", "event_id"), ("name", "kind"), ("detail", "thing")):
        op.execute(f"ALTER TABLE events RENAME COLUMN {before} TO {after}")
    op.add_column("events", Column("actor_role", String(16), nullable=False, server_default="person"))
    for name, default in (("actor", ""), ("reason", ""), ("detail", "{}"), ("correlation_id", "")):
        op.add_column("events", Column(name, Text, nullable=False, server_default=default))
    if is_sqlite:
        for name, columns in (("account", ["account_id", "happened_at"]), ("expires_at", ["expires_at"])):
            op.drop_index(f"activities_{name}", "events")
            op.create_index(f"events_{name}", "events", columns)
    else:
        for name in ("account", "expires_at", "pkey"):
            op.execute(f"ALTER INDEX activities_{name} RENAME TO events_{name}")
    op.execute(_VIEW)
    for trigger in _SQLITE_TRIGGERS if is_sqlite else ():
        op.execute(trigger)


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade")
