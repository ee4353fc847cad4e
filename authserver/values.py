"""What the values of this package are made of: frozen structs, which cost nothing to make (docs/decisions/0024)."""

from functools import cache
from inspect import get_annotations
from typing import TYPE_CHECKING, Annotated, TypeVar, get_args

from msgspec import Struct, field

if TYPE_CHECKING:
    from dataclasses import replace  # by this name mypy checks that the fields exist and what they hold
else:
    from msgspec.structs import replace

__all__ = ["Assembly", "Hidden", "Value", "field", "hidden_fields", "replace"]

_HIDDEN = object()
_T = TypeVar("_T")

Hidden = Annotated[_T, _HIDDEN]
"""The type of a field that a repr leaves out: what is secret, and what would drown the rest."""


class _Told(Struct, frozen=True):
    """A struct whose repr leaves out its hidden fields."""

    def __repr__(self) -> str:
        hidden = hidden_fields(type(self))
        told = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in hidden)
        return f"{type(self).__qualname__}({', '.join(told)})"


class Value(_Told, frozen=True, gc=False):
    """Data that never changes: texts, numbers, and tuples or mappings of such.

    The collector of cycles does not look at it, so it must not hold what may lead back to it: see `Assembly`.
    """


class Assembly(_Told, frozen=True):
    """Parts put together once, that never change: functions, stores, keys, and other assemblies."""


@cache
def hidden_fields(kind: type) -> frozenset[str]:
    """Return the names of the fields that a repr leaves out: the hidden ones, and those whose type is a mere name."""
    hints = [item for base in kind.__mro__ for item in get_annotations(base).items()]
    return frozenset(name for name, hint in hints if isinstance(hint, str) or _HIDDEN in get_args(hint))
