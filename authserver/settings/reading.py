"""From what stands in the environment or in the file to a setting's own type."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from authserver.messages import ENGLISH


class NotOfType(ValueError):
    """What was given for a setting cannot be read as its type."""


def read_text(value: object) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise NotOfType("no text")
    return value


def read_number(value: object) -> int:
    """Return a whole number; the environment has it as text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise NotOfType("no whole number")
    return int(value)


def read_path(value: object) -> Path:
    """Return a path."""
    if not isinstance(value, str | Path):
        raise NotOfType("no path")
    return Path(value)


def read_optional_path(value: object) -> Path | None:
    """Return a path, or None where it is empty."""
    return None if value in ("", None) else read_path(value)


def read_entries(value: object) -> tuple[str, ...]:
    """Return entries: separated by commas in the environment, an array in the file."""
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise NotOfType("no entries")
    return tuple(map(read_text, value))


def read_pairs(value: object) -> Mapping[str, str]:
    """Return names with values: `name=value` separated by commas in the environment, a table in the file."""
    if isinstance(value, str):
        parts = (part.strip().partition("=") for part in value.split(",") if part.strip())
        value = {name.strip(): given.strip() for name, _, given in parts}
    if not isinstance(value, Mapping):
        raise NotOfType("no pairs")
    return {read_text(name): read_text(given) for name, given in value.items()}


def read_descriptions(value: object) -> Mapping[str, Mapping[str, str]]:
    """Return descriptions of scopes: JSON in the environment, a table in the file; a bare text is in English."""
    members = json.loads(value or "{}") if isinstance(value, str) else value
    if not isinstance(members, Mapping):
        raise NotOfType("no table")
    return {scope: read_pairs(_by_language(texts)) for scope, texts in members.items()}


def _by_language(texts: object) -> Mapping[object, object]:
    if isinstance(texts, str):
        return {ENGLISH: texts}
    if not isinstance(texts, Mapping):
        raise NotOfType("no texts")
    return texts


READERS: Final[Mapping[object, Callable[[object], object]]] = {
    str: read_text,
    int: read_number,
    Path: read_path,
    Path | None: read_optional_path,
    tuple[str, ...]: read_entries,
    Mapping[str, str]: read_pairs,
    Mapping[str, Mapping[str, str]]: read_descriptions,
}
"""How a setting of each type is read; a choice is read as a text."""
