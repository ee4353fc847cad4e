"""Asking for less: which details lie within others, and what is left of a grant when less is asked for.

Lists of what may be done, at which accounts and where, may be shortened. Everything else stays as it was granted; the
account that pays may be left out, since an app that let the person choose asks as it asked first.
"""

from collections.abc import Iterable
from typing import Any, Final

from authserver.protocol.details.model import Detail, Details
from authserver.protocol.details.registry import actions_of, type_of
from authserver.protocol.names import SCOPES_OF_OPENID

_LISTS: Final = ("actions", "accounts", "locations")
_CHOSEN_BY_THE_PERSON: Final = "debtorAccount"
_LISTS_OF_THE_APP: Final = ("actions", "locations")


def narrow(granted: Details, asked: Details) -> Details | None:
    """Return the details that are asked for as they were granted, or None where one of them was not.

    A list left out is the whole list of the grant.

    Spec: RFC9396-6, RFC9396-6.1
    """
    found = [_first_within(granted, detail) for detail in asked]
    return None if None in found else tuple(detail for detail in found if detail is not None)


def cover(allowed: Details, asked: Details) -> Details | None:
    """Return what a person's earlier consent makes of details asked for anew, or None where they must be asked again.

    Money is asked about each time. A list that the app leaves out would be every action, or every place: more than any
    list. Accounts left out are those the person chose before.

    Spec: RFC9396-6, RTS-SCA-5.1
    """
    if any(type_of(detail).is_payment for detail in asked):
        return None
    found = [next(iter(_covering(allowed, detail)), None) for detail in asked]
    return None if None in found else tuple(detail for detail in found if detail is not None)


def leaves_out(granted: Details, narrowed: Details) -> bool:
    """Return whether nothing is left of one of the granted details."""
    if narrowed == granted:
        return False
    return any(all(_within(each, detail) is None for detail in narrowed) for each in granted)


def widens(granted: Details, asked: Details, scope: Iterable[str]) -> bool:
    """Return whether asking for this much less reaches further: a detail is left out, and a scope over data stays.

    To an API its scope alone may stand for everything; beside a detail it means no more than the detail.

    Spec: RFC9396-6.1, RFC9396-3.2
    """
    return not set(scope) <= set(SCOPES_OF_OPENID) and leaves_out(granted, asked)


def _covering(allowed: Details, asked: Detail) -> Details:
    reaching = (each for each in allowed if all(name in asked or name not in each for name in _LISTS_OF_THE_APP))
    return tuple(found for each in reaching if (found := _within(each, asked)) is not None)


def _first_within(granted: Details, asked: Detail) -> Detail | None:
    return next((found for each in granted if (found := _within(each, asked)) is not None), None)


def _within(granted: Detail, asked: Detail) -> Detail | None:
    """Return the granted detail, shortened to what is asked, or None where that is more or something else."""
    others = (granted.keys() | asked.keys()).difference(_LISTS)
    if _CHOSEN_BY_THE_PERSON not in asked:
        others.discard(_CHOSEN_BY_THE_PERSON)
    if any(granted.get(name) != asked.get(name) for name in others):
        return None
    shortened: dict[str, Any] = {name: asked[name] for name in _LISTS if name in asked}
    within = (_is_part(values, _granted(granted, name)) for name, values in shortened.items())
    return {**granted, **shortened} if all(within) else None


def _granted(granted: Detail, name: str) -> object:
    """Return a granted list, or None where everything was; actions of a payment are to make it where none was named."""
    if name == "actions" and type_of(granted).is_payment:
        return list(actions_of(granted))
    return granted.get(name)


def _is_part(values: list[object], granted: object) -> bool:
    """Return whether a list holds nothing beyond a granted one; where none was granted, any list narrows."""
    return granted is None or (isinstance(granted, list) and all(value in granted for value in values))
