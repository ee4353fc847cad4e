"""Limits as they are written in settings and registrations: `10/minute;50/hour`."""

from functools import lru_cache

from limits import RateLimitItem, parse_many

_MOST = 10**9
_LONGEST_SECONDS = 366 * 24 * 60 * 60


@lru_cache(maxsize=1024)
def parse_limits(text: str) -> tuple[RateLimitItem, ...]:
    """Return the limits of a text, none of an empty one; kept, since a client's own are asked for at each request.

    Raises ValueError for a text that is no limit, for a limit that lets nobody through, who could not be told when to
    come again, and for one that no storage can count: beyond a thousand million, or a year.
    """
    items = tuple(parse_many(text)) if text else ()
    if not all(item.amount for item in items):
        raise ValueError("a limit lets at least one through")
    if any(item.amount > _MOST or item.get_expiry() > _LONGEST_SECONDS for item in items):
        raise ValueError("a limit counts a thousand million at most, in a year at most")
    return items
