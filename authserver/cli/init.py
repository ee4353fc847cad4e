"""`authserver init`: everything a new deployment needs, in one folder."""

import json
import os
from pathlib import Path

import click

from authserver.assets import find_assets
from authserver.cli.deployment import connect_database, require_envelope
from authserver.cli.operators import operation, operator_of
from authserver.cli.output import fail, note, print_record
from authserver.db import migrate
from authserver.operations.acts import ProvisionKeys
from authserver.sealing.master_key import create_master_key
from authserver.settings.load import (
    CONFIG_VARIABLE,
    SettingsError,
    differing_in_environment,
    load_settings_from,
    settings_in_environment,
)
from authserver.settings.model import Settings

CONFIG_NAME = "authserver.toml"
ISSUER = "https://localhost:8443"
DECIDING = ("issuer", "data_dir", "database_url", "master_key_file", "profiles")
"""The settings that decide what `init` makes, and where."""


@click.command()
@click.option("--issuer", help="The issuer identifier. Default: https://localhost:8443.")
@click.option(
    "--dir",
    "directory",
    default="data",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for all of these; created if it does not exist.",
)
@operation
def init(issuer: str | None, directory: Path, reason: str, *, as_json: bool) -> None:
    """Write a configuration file, a master key, the schema and the first signing keys; safe to repeat.

    Settings that stand in the environment are written into a new file, so that it says what is in force.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = directory.resolve() / CONFIG_NAME
        settings = _read_config(config, issuer)
        create_master_key(settings.master_key_path)
    except SettingsError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    kids = prepare_store(settings, reason)
    record = {"config": str(config), "master_key": str(settings.master_key_path), "new_signing_keys": list(kids)}
    print_record(record, as_json=as_json)
    note(f"Next: {CONFIG_VARIABLE}={config} authserver serve")


def prepare_store(settings: Settings, reason: str = "") -> tuple[str, ...]:
    """Bring the database to the newest schema with a key of each algorithm; return the kids of new keys."""
    require_envelope(settings)  # first: a schema whose keys could not be sealed would be of no use
    database = connect_database(settings)
    migrate.upgrade(database, find_assets("migrations"))
    return operator_of(settings, database).perform(ProvisionKeys(reason=reason))


def _read_config(config: Path, issuer: str | None) -> Settings:
    """Return the settings with the configuration file, which is written where it is missing.

    One that cannot be used is not left behind. Raises SettingsError, OSError.
    """
    is_new = _write_config(config, issuer)
    try:
        settings = load_settings_from(config)
    except SettingsError:
        if is_new:
            config.unlink()
        raise
    # Keys and schema made by settings that are in force for this one command would be missed by every later one.
    differing = differing_in_environment(config, DECIDING)
    if differing:
        raise SettingsError(
            f"{', '.join(differing)} in the environment says something else than {config}; make them agree"
        )
    if issuer is not None and settings.issuer != issuer:
        raise SettingsError(f"the issuer is {settings.issuer} already; change it in {config} or in the environment")
    return settings


def _write_config(config: Path, issuer: str | None) -> bool:
    """Write a new file that its owner alone may read, since it may hold a password; return False where one exists."""
    said = {"issuer": issuer or ISSUER, "data_dir": str(config.parent)} | settings_in_environment()
    try:
        descriptor = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("# Every setting is described in docs/configuration.md.\n")
        # A JSON string is a TOML string.
        file.writelines(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in said.items())
    return True
