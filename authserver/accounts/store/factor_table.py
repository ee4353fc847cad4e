"""What the table of every factor can do, so that the acts on all of them at once name none."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sqlalchemy import ColumnElement

from authserver.accounts.store.people import Connection
from authserver.values import Assembly

Describe: TypeAlias = Callable[[Connection, str, bool], Mapping[str, object]]
"""From an account and whether its person has the factor to what of it they may take away: no hash, no key, no seed."""


class FactorTable(Assembly, frozen=True):
    """A factor by its name: the condition that an account has it, taking it away, and what its person may read of it.

    `remove_all` returns whether there was any.
    """

    name: str
    is_held: ColumnElement[bool]
    remove_all: Callable[[Connection, str], bool]
    describe: Describe
