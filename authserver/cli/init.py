"""`authserver init`: everything a new deployment needs, in one folder."""

from pathlib import Path

import click

from authserver.assets import find_assets
from authserver.cli.deployment import require_envelope
from authserver.cli.output import fail
from authserver.clock import system_clock
from authserver.db import migrate
from authserver.db.engine import Database
from authserver.keys.master_key import create_master_key
from authserver.keys.store import provision_keys
from authserver.settings.load import CONFIG_VARIABLE, SettingsError, load_settings_from
from authserver.settings.model import Settings

CONFIG_NAME = "authserver.toml"
ALGORITHMS = ("ES256", "PS256", "Ed25519")
ALGORITHM_OF_PLAIN_OPENID = "RS256"


@click.command()
@click.option("--issuer", default="https://localhost:8443", show_default=True, help="The issuer identifier.")
@click.option("--dir", "directory", default="data", show_default=True, type=click.Path(path_type=Path))
def init(issuer: str, directory: Path) -> None:
    """Write a configuration file, a master key, the schema and the first signing keys; safe to repeat."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = directory.resolve() / CONFIG_NAME
    if not config.exists():
        config.write_text(_config_text(issuer, directory.resolve()), encoding="utf-8")
    try:
        settings = load_settings_from(config)
    except SettingsError as error:
        fail(str(error))
    create_master_key(settings.master_key_path)
    kids = prepare_store(settings)
    click.echo(f"Configuration  {config}")
    click.echo(f"Master key     {settings.master_key_path}")
    click.echo(f"Signing keys   {', '.join(kids) if kids else 'already there'}")
    click.echo(f"\nNext: {CONFIG_VARIABLE}={config} authserver serve")


def prepare_store(settings: Settings) -> tuple[str, ...]:
    """Bring the database to the newest schema with a key of each algorithm; return the kids of new keys."""
    database = Database.connect(settings.database)
    migrate.upgrade(database, find_assets("migrations"))
    algorithms = (*ALGORITHMS, ALGORITHM_OF_PLAIN_OPENID) if "oidc" in settings.profiles else ALGORITHMS
    with database.transaction() as connection:
        return provision_keys(connection, require_envelope(settings), algorithms, system_clock())


def _config_text(issuer: str, directory: Path) -> str:
    return f"""# Every setting is described in docs/configuration.md.
issuer = "{issuer}"
data_dir = "{directory}"
"""
