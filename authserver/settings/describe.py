"""One setting by itself: what it may be, what it is by default, and the value of what was given for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

from msgspec import Meta
from msgspec.structs import FieldInfo

from authserver.settings.kinds import MayBe
from authserver.settings.reading import READERS, read_text


def may_be(field: FieldInfo) -> MayBe:
    """Return what a setting may be."""
    bare, marks = _parts(field)
    for mark in marks:
        if isinstance(mark, MayBe):
            return mark
        if isinstance(mark, Meta):
            return _range(mark)
    if get_origin(bare) is Literal:
        choices = get_args(bare)
        named = [f"`{choice}`" for choice in choices if choice]
        return MayBe(", ".join(named) + ("; or empty" if "" in choices else ""), lambda value: value in choices)
    return MayBe("a path" if bare is Path else "text")


def parse_setting(field: FieldInfo, given: object) -> object:
    """Return a setting's value; raises ValueError for what it cannot be."""
    bare, _ = _parts(field)
    value, kind = READERS.get(bare, read_text)(given), may_be(field)
    if not kind.fits(value):
        raise ValueError(kind.text)
    return value


def is_path(field: FieldInfo) -> bool:
    """Tell whether a setting names a file or a folder."""
    return _parts(field)[0] in {Path, Path | None}


def default_of(field: FieldInfo) -> str:
    """Return a setting's default as one would write it in the environment; empty for none."""
    default = field.default
    if isinstance(default, Mapping):
        return ",".join(f"{name}={value}" for name, value in default.items())
    if default is None:
        return ""
    return ",".join(default) if isinstance(default, tuple) else str(default)


def _parts(field: FieldInfo) -> tuple[object, tuple[object, ...]]:
    """Return a setting's type and the marks on it."""
    if get_origin(field.type) is not Annotated:
        return field.type, ()
    bare, *marks = get_args(field.type)
    return bare, tuple(marks)


def _range(bounds: Meta) -> MayBe:
    least, most = bounds.ge, bounds.le
    return MayBe(
        f"a whole number from {least} to {most}",
        lambda value: (least is None or value >= least) and (most is None or value <= most),
    )
