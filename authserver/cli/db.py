"""`authserver db`: migrations, drift, purging."""

import sys

import click
from click.termui import progressbar

from authserver.assets import find_assets
from authserver.cli.deployment import connect_database, open_database
from authserver.cli.operators import open_operator, operation
from authserver.cli.output import fail, json_option, note, print_record, read_settings
from authserver.db import migrate
from authserver.db.purge import DEFAULT_BATCH_SIZE
from authserver.operations import lookups
from authserver.operations.acts import PurgeExpired


@click.group()
def db() -> None:
    """Migrate, check and purge the database."""


@db.command()
@json_option
def upgrade(*, as_json: bool) -> None:
    """Run the migrations that the database still needs; safe to repeat."""
    database = connect_database(read_settings())
    before = migrate.current(database)
    migrate.upgrade(database, find_assets("migrations"))
    print_record({"before": before, "now": migrate.current(database)}, as_json=as_json)


@db.command()
@json_option
def check(*, as_json: bool) -> None:
    """Compare the database with the schema; if they differ, say where and exit 1."""
    database = open_database(read_settings())
    differences = migrate.drift(database)
    print_record({"revision": migrate.current(database), "differences": differences}, as_json=as_json)
    if differences:
        fail("the database differs from the schema")


@db.command(name="purge")
@click.option(
    "--batch",
    default=DEFAULT_BATCH_SIZE,
    show_default=True,
    type=click.IntRange(1, 100_000),
    help="How many rows to delete in one transaction.",
)
@operation
def purge_command(batch: int, reason: str, *, as_json: bool) -> None:
    """Delete expired rows in batches, also while the server runs. The database's clock counts."""
    operator = open_operator()
    now, expired = lookups.find_expired(operator.database)
    with progressbar(length=expired, label="Purging", file=sys.stderr) as bar:
        reporting = operator.reporting(lambda _table, rows: bar.update(rows))
        deleted = reporting.perform(PurgeExpired(batch, reason=reason), now=now)
    if not any(deleted.values()):
        note("Nothing has expired.")
    print_record({name: rows for name, rows in deleted.items() if rows or as_json}, as_json=as_json)
