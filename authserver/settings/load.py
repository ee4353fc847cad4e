"""Reading the settings, once: `AUTHSERVER_NAME` in the environment goes before `NAME` in the configuration file."""

import os
import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from authserver.settings.agreement import find_disagreement
from authserver.settings.describe import is_path, may_be, parse_setting
from authserver.settings.model import ENVIRONMENT_PREFIX, FIELDS, Settings
from authserver.values import hidden_fields

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
    return parse_settings({**{_plain(name): value for name, value in members.items()}, **_environment()})


def parse_settings(given: Mapping[str, object]) -> Settings:
    """Return the settings of what is given for some of them, as text or as the file has it.

    Raises SettingsError as `load_settings_from` does.
    """
    values: dict[str, Any] = {}
    for name in sorted(given, key=list(FIELDS).index):  # so that the first that is wrong is always the same
        try:
            values[name] = parse_setting(FIELDS[name], given[name])
        except ValueError:
            was = "a value that is not shown" if name in hidden_fields(Settings) else repr(given[name])
            raise SettingsError(f"{name.upper()} was {was}; it may be: {may_be(FIELDS[name]).text}") from None
    settings = Settings(**values)
    disagreement = find_disagreement(settings)
    if disagreement:
        raise SettingsError(disagreement)
    return settings


def settings_in_environment() -> dict[str, str]:
    """Return the settings that stand in the environment, by their plain names; paths whole, wherever they were said."""
    said = _environment().items()
    return {name: str(Path(text).resolve()) if text and is_path(FIELDS[name]) else text for name, text in said}


def differing_in_environment(path: Path, names: Iterable[str]) -> list[str]:
    """Return which of these settings the environment says otherwise than the configuration file, or says alone."""
    members = {_plain(name): _as_text(value) for name, value in _read_file(path).items()}
    said = settings_in_environment()
    return [name.upper() for name in names if name in said and said[name] != members.get(name, "")]


def _environment() -> dict[str, str]:
    return {_plain(name): text for name, text in os.environ.items() if _is_setting(name)}


def _is_setting(name: str) -> bool:
    return name.startswith(ENVIRONMENT_PREFIX) and name != CONFIG_VARIABLE


def _as_text(value: object) -> str:
    """Return a value of the file as one would write it in the environment."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _plain(name: str) -> str:
    return name.upper().removeprefix(ENVIRONMENT_PREFIX).lower()


def _check_names(names: Iterable[str], place: str) -> None:
    unknown = sorted(name for name in names if _plain(name) not in FIELDS)
    if unknown:
        near = get_close_matches(_plain(unknown[0]), FIELDS, n=1)
        hint = f"; did you mean {near[0].upper()}?" if near else ""
        raise SettingsError(f"{unknown[0]} {place} is no setting of this server{hint}")


def _read_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{CONFIG_VARIABLE} names a file that cannot be read: {path}: {error}") from None


def process_environment() -> MutableMapping[str, str]:
    """Return the process's own environment, for what must be taken out of it before serving."""
    return os.environ
