"""Whether a JSON value is what a member's type and bounds say: strictly, so that no text counts as a number."""

import re
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from msgspec import Meta

# What JSON has for each type, and its name.
_KINDS: Final[Mapping[object, tuple[type, str]]] = {
    str: (str, "string"),
    int: (int, "integer"),
    bool: (bool, "boolean"),
    tuple: (list, "list"),
    dict: (dict, "dictionary"),
}


def find_fault(hint: object, value: object) -> str:
    """Return what a value should be and is not, in words that repeat nothing of it; empty where it is that.

    `hint` is the member's type: a text, number, truth value, tuple for a list, object or choice, with `Meta` for its
    bounds, and with None where null is allowed.
    """
    if NoneType in get_args(hint):
        if value is None:
            return ""
        hint = next(part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is Annotated:
        bare, *bounds = get_args(hint)
        return find_fault(bare, value) or _out_of_bounds(bounds, value)
    if get_origin(hint) is Literal:
        choices = [repr(choice) for choice in get_args(hint)]
        return "" if repr(value) in choices else f"input should be {' or '.join(filter(None, _listed(choices)))}"
    kind, noun = _KINDS[get_origin(hint) or hint]
    if type(value) is not kind:
        return f"input should be a valid {noun}"
    return _FURTHER[kind](hint, value) if kind in _FURTHER else ""


def _listed(choices: list[str]) -> tuple[str, str]:
    return ", ".join(choices[:-1]), choices[-1]


def _text(_: object, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write and nothing else can
        return "input should be a valid string, unable to parse raw data as a unicode string"
    return ""


def _list(hint: object, value: list[object]) -> str:
    of, _ = get_args(hint)
    return next(filter(None, (find_fault(of, each) for each in value)), "")


def _object(_: object, value: Mapping[object, object]) -> str:
    return next(filter(None, (find_fault(str, name) for name in value)), "")


_FURTHER: Final[Mapping[type, Callable[[object, Any], str]]] = {str: _text, list: _list, dict: _object}


def _out_of_bounds(bounds: list[Meta], value: object) -> str:
    for bound in bounds:
        most = bound.max_length
        if isinstance(value, str) and most is not None and len(value) > most:
            return f"string should have at most {most} characters"
        if isinstance(value, list) and most is not None and len(value) > most:
            return f"list should have at most {most} items after validation, not {len(value)}"
        if isinstance(value, int) and bound.ge is not None and value < bound.ge:
            return f"input should be greater than or equal to {bound.ge}"
        if isinstance(value, str) and bound.pattern is not None and not re.fullmatch(bound.pattern, value):
            return f"string should match pattern '{bound.pattern}'"
    return ""
