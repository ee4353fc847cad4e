"""Settings in words: what each may be and what it is by default, for the documentation and for refusals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from authserver.settings.kinds import MayBe


def may_be(field: FieldInfo) -> str:
    """Return what a setting may be."""
    for mark in field.metadata:
        if isinstance(mark, MayBe):
            return mark.text
    if get_origin(field.annotation) is Literal:
        named = [f"`{choice}`" for choice in get_args(field.annotation) if choice]
        return ", ".join(named) + ("; or empty" if "" in get_args(field.annotation) else "")
    if field.annotation is int:
        return _range(field)
    return "a path" if field.annotation is Path else "text"


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a setting's value is never to be shown."""
    return field.annotation is SecretStr


def default_of(field: FieldInfo) -> str:
    """Return a setting's default as one would write it in the environment; empty for none."""
    default = field.default
    if isinstance(default, SecretStr) or default is None:
        return ""
    if isinstance(default, Mapping):
        return ",".join(f"{name}={value}" for name, value in default.items())
    return ",".join(default) if isinstance(default, tuple) else str(default)


def _range(field: FieldInfo) -> str:
    least = next((mark.ge for mark in field.metadata if isinstance(mark, Ge)), None)
    most = next((mark.le for mark in field.metadata if isinstance(mark, Le)), None)
    return f"a whole number from {least} to {most}"
