"""Days, times, lengths of time and amounts as people write them in their language."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from babel.dates import format_datetime, get_date_format, get_datetime_format, get_time_format
from babel.units import format_unit

from authserver.protocol.details.model import Money
from authserver.protocol.details.money import format_money

_LOCALES: Final = {"en": "en_GB", "de": "de", "fr": "fr"}
_UNITS: Final = ((86400, "duration-day"), (3600, "duration-hour"), (60, "duration-minute"))


def long_date(seconds: int, language: str = "en") -> str:
    """Return a day with its month in letters, such as `7 March 2027`."""
    return _long_day(seconds // 86400, language)


def long_day(day: date, language: str = "en") -> str:
    """Return a day of the calendar as `long_date` does."""
    return _long_day((day - date(1970, 1, 1)).days, language)


@lru_cache(maxsize=512)
def _long_day(days: int, language: str) -> str:
    locale = _LOCALES[language]
    return format_datetime(_moment(days * 86400), str(get_date_format("long", locale)), locale=locale)


def long_time(seconds: int, language: str = "en") -> str:
    """Return a day and a time, such as `7 March 2027, 14:05 UTC`: where the person is, the server does not know."""
    locale = _LOCALES[language]
    day, time = get_date_format("long", locale).pattern, get_time_format("short", locale).pattern
    pattern = str(get_datetime_format("long", locale)).replace("{1}", day).replace("{0}", f"{time} 'UTC'")
    return format_datetime(_moment(seconds), pattern, locale=locale)


def machine_time(seconds: int) -> str:
    """Return a moment for programs, such as `2027-03-07T14:05:00Z`."""
    return _moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: int, language: str = "en") -> str:
    """Return a length of time in its largest fitting unit, rounded up, such as `2 minutes`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return format_unit(-(-seconds // size), unit, locale=_LOCALES[language])
    return format_unit(seconds, "duration-second", locale=_LOCALES[language])


def money(amount: str, currency: str, language: str = "en") -> str:
    """Return an amount with its currency, such as `€125.40`; it is text and never a binary fraction."""
    return format_money(Money(amount, currency), _LOCALES[language])


def initials(name: str) -> str:
    """Return up to two initials of a name, shown where other sites load a logo from elsewhere."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
