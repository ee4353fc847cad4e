"""Alembic's entry: runs the migrations on the connection that `authserver.db.migrate` opened.

Its transaction is the caller's, so an upgrade happens whole or not at all, on SQLite too.
"""

from alembic import context

from authserver.db.tables.schema import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run through `authserver db upgrade`, which opens the connection")

# SQLite alters a table by copying it: a migration must say so (batch operations), and a drafted one does.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
