"""Reading the settings, once: `AUTHSERVER_NAME` in the environment goes before `NAME` in the configuration file."""

import os
import tomllib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from authserver.settings.model import ENVIRONMENT_PREFIX, Settings

CONFIG_VARIABLE = "AUTHSERVER_CONFIG"
"""The variable that names the configuration file."""


class SettingsError(Exception):
    """A setting that stops the start: its name, what it was and what it may be."""


def load_settings() -> Settings:
    """Read the settings from the environment, and from the file it names; see `load_settings_from`."""
    path = os.environ.get(CONFIG_VARIABLE)
    return load_settings_from(Path(path) if path else None)


def load_settings_from(path: Path | None) -> Settings:
    """Read the settings from a file, with the environment going before it.

    Raises SettingsError naming the first setting that is wrong, what it was and what it may be; a secret's value is
    not repeated.
    """
    known = set(Settings.model_fields)
    from_environment = {name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)} - {CONFIG_VARIABLE}
    unknown = {name for name in from_environment if name.removeprefix(ENVIRONMENT_PREFIX).lower() not in known}
    if unknown:
        raise SettingsError(f"{min(unknown)} is no setting of this server")
    try:
        return Settings(**_read_file(path))
    except ValidationError as error:
        raise SettingsError(_describe(error)) from None


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        members = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG_VARIABLE} names a file that cannot be read: {path}: {error}") from None
    return {name.lower(): value for name, value in members.items()}


def _describe(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][0]) if fault["loc"] else "settings"
    field = Settings.model_fields.get(name)
    is_secret = field is not None and field.annotation is SecretStr
    was = "a value that is not shown" if is_secret else repr(fault["input"])
    return f"{name.upper()} was {was}; it may be: {fault['msg'].removeprefix('Value error, ')}"


def process_environment() -> MutableMapping[str, str]:
    """Return the process's own environment, for what must be taken out of it before serving."""
    return os.environ
