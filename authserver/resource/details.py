"""Authorization details as an API receives them: JSON values that can be compared and not changed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

Detail: TypeAlias = Mapping[str, object]


def frozen(value: object) -> object:
    """Return a JSON value whose objects and arrays, at any depth, cannot be changed.

    Two frozen values are equal where they hold the same members with the same values; the order of members is nothing,
    and a number is no text. Compare a request's body with a granted detail like this; only a number and a truth value
    may be equal where their JSON differs (1 and true), so let amounts be text, as the shipped types have them.
    """
    if isinstance(value, Mapping):
        return MappingProxyType({str(name): frozen(member) for name, member in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(member) for member in value)
    return value


def parse_details(value: object) -> tuple[Detail, ...]:
    """Return the details that a token or its introspection tells, none where it tells none.

    Raises ValueError for what is no list of objects with a type each.

    Spec: RFC9396-2, RFC9396-9
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ValueError("the authorization details are no list")
    return tuple(_parse_detail(item) for item in value)


def is_for(detail: Detail, audience: str) -> bool:
    """Return whether a detail is good at an API: it names no place, or this one among others.

    Spec: RFC9396-2.2
    """
    locations = detail.get("locations")
    return locations is None or (isinstance(locations, tuple) and audience in locations)


def _parse_detail(item: object) -> Detail:
    detail = frozen(item)
    if not isinstance(detail, Mapping) or not isinstance(detail.get("type"), str):
        raise ValueError("an authorization detail has no type")
    return detail
