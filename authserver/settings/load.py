"""Reading the settings, once: `AUTHSERVER_NAME` in the environment goes before `NAME` in the configuration file."""

import os
import tomllib
from collections.abc import Iterable, MutableMapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from authserver.settings.describe import is_secret, may_be
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

    In the file the prefix of a name may be left out. Raises SettingsError naming the first setting that is wrong, what
    it was and what it may be; the value of a secret, or of a name that may be a misspelt secret's, is not repeated.
    """
    _check_names(
        filter(_is_setting, os.environ),
        "in the environment",
    )
    members = _read_file(path)
    _check_names(members, f"in {path}")
    try:
        return Settings(**{_plain(name): value for name, value in members.items()})
    except ValidationError as error:
        raise SettingsError(_describe(error)) from None


def settings_in_environment() -> dict[str, str]:
    """Return the settings that stand in the environment, by their plain names; paths whole, wherever they were said."""
    said = {_plain(name): text for name, text in os.environ.items() if _is_setting(name)}
    paths = {name for name, field in Settings.model_fields.items() if field.annotation in {Path, Path | None}}
    return {name: str(Path(text).resolve()) if text and name in paths else text for name, text in said.items()}


def differing_in_environment(path: Path, names: Iterable[str]) -> list[str]:
    """Return which of these settings the environment says otherwise than the configuration file, or says alone."""
    members = {_plain(name): _as_text(value) for name, value in _read_file(path).items()}
    said = settings_in_environment()
    return [name.upper() for name in names if name in said and said[name] != members.get(name, "")]


def _is_setting(name: str) -> bool:
    return name.startswith(ENVIRONMENT_PREFIX) and name != CONFIG_VARIABLE


def _as_text(value: object) -> str:
    """Return a value of the file as one would write it in the environment."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _plain(name: str) -> str:
    return name.upper().removeprefix(ENVIRONMENT_PREFIX).lower()


def _check_names(names: Iterable[str], place: str) -> None:
    unknown = sorted(name for name in names if _plain(name) not in Settings.model_fields)
    if unknown:
        near = get_close_matches(_plain(unknown[0]), Settings.model_fields, n=1)
        hint = f"; did you mean {near[0].upper()}?" if near else ""
        raise SettingsError(f"{unknown[0]} {place} is no setting of this server{hint}")


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG_VARIABLE} names a file that cannot be read: {path}: {error}") from None


def _describe(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    if not fault["loc"]:  # settings that do not go together: the text says all, and the input would show secrets
        return fault["msg"].removeprefix("Value error, ")
    name = str(fault["loc"][0])
    field = Settings.model_fields[name]
    was = "a value that is not shown" if is_secret(field) else repr(fault["input"])
    return f"{name.upper()} was {was}; it may be: {may_be(field)}"


def process_environment() -> MutableMapping[str, str]:
    """Return the process's own environment, for what must be taken out of it before serving."""
    return os.environ
