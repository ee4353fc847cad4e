"""`authserver db`: migrations, drift, purging."""

import click

from authserver.assets import find_assets
from authserver.cli.deployment import open_database
from authserver.cli.output import fail, json_option, print_record, read_settings
from authserver.clock import system_clock
from authserver.db import migrate
from authserver.db.engine import Database
from authserver.db.purge import DEFAULT_BATCH_SIZE, count_expired, purge


@click.group()
def db() -> None:
    """Keep the database in shape."""


@db.command()
def upgrade() -> None:
    """Run the migrations that the database lacks; safe to repeat."""
    settings = read_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database.connect(settings.database)
    migrate.upgrade(database, find_assets("migrations"))
    click.echo(f"The database is at {migrate.current(database)}.")


@db.command()
def check() -> None:
    """Compare the database with the schema; exit 1 and say where they differ."""
    database = open_database(read_settings())
    differences = migrate.drift(database)
    if differences:
        fail("the database differs from the schema:\n" + "\n".join(differences))
    click.echo("The database is as the schema says.")


@db.command(name="purge")
@click.option("--batch", default=DEFAULT_BATCH_SIZE, show_default=True, type=click.IntRange(1, 100_000), help="Rows.")
@json_option
def purge_command(batch: int, *, as_json: bool) -> None:
    """Delete expired rows in bounded batches, while the server runs."""
    database = open_database(read_settings())
    now = system_clock()
    total = sum(count_expired(database, now).values())
    with click.progressbar(length=total, label="Purging", hidden=as_json) as bar:
        deleted = purge(database, now, batch, lambda _table, rows: bar.update(rows))
    print_record({name: rows for name, rows in deleted.items() if rows or as_json}, as_json=as_json)
