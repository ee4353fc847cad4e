"""Limits as they are written in settings and registrations: `10/minute;50/hour`."""

from functools import lru_cache

from limits import RateLimitItem, parse_many


@lru_cache(maxsize=1024)
def parse_limits(text: str) -> tuple[RateLimitItem, ...]:
    """Return the limits of a text, none of an empty one; kept, since a client's own are asked for at each request.

    Raises ValueError for a text that is no limit, and for a limit that lets nobody through: nobody could be told when
    to come again.
    """
    items = tuple(parse_many(text)) if text else ()
    if not all(item.amount for item in items):
        raise ValueError("a limit lets at least one through")
    return items
