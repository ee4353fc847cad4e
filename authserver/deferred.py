"""Modules that few requests need and every worker would hold, imported when something of them is first used."""

from importlib import import_module
from typing import Any, Final


class Deferred:
    """Stands for a module until one of its names is asked for; safe from several threads, as imports are.

    `importlib.util.LazyLoader` is not, before Python 3.12.
    """

    def __init__(self, name: str) -> None:
        """Take the module's full name."""
        self._name: Final = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the module has
        """Return a name of the module, which is imported by now."""
        return getattr(import_module(self._name), attribute)
