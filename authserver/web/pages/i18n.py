"""The language of each page: which one a person should get, and our texts in it; `web.templates` puts them in place.

Whoever renders a page, at whatever depth, renders it in the language of the request being answered, which the router
notes. Nothing here happens for machine endpoints, unless they show a page.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from typing import Final, cast
from urllib.parse import parse_qsl, urlencode

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from authserver.assets import find_assets
from authserver.messages import ENGLISH, LANGUAGES
from authserver.values import Value
from authserver.web.machine.model import REQUEST
from authserver.web.pages.cookies import read_cookie, set_cookie

COOKIE: Final = "__Host-language"
PARAMETER: Final = "lang"
NATIVE_NAMES: Final[Mapping[str, str]] = {"en": "English", "de": "Deutsch", "fr": "Français"}

_KEEP_SECONDS = 365 * 86400
_LONGEST_HEADER = 1024
_WISH = "authserver.ui_locales"
_SWITCH = "authserver.language_switch"


class LanguageLink(Value, frozen=True):
    """One entry of the language switch; `address` is nothing for the language of the page itself."""

    language: str
    name: str
    address: str


def wish(ui_locales: Iterable[str], since: int) -> None:
    """Note the languages that the app asked for when this sign-in began.

    Spec: OIDCC-3.1.2.1
    """
    _environ()[_WISH] = (tuple(ui_locales), since)


def offer_switch(can_be_asked_for: Callable[[], bool]) -> None:
    """Have the page, if one is shown, offer its other languages where it can be asked for again at its own address."""
    _environ()[_SWITCH] = can_be_asked_for


def current_language() -> str:
    """Return the language in which a page should answer this request.

    The latest word counts: what the person chose on a page since this sign-in began, what the app asked for, what the
    person chose earlier, what the browser prefers; English where none of it is ours.

    Spec: OIDCC-3.1.2.1
    """
    environ = _environ()
    wished, since = cast("tuple[tuple[str, ...], int]", environ.get(_WISH, ((), 0)))
    chosen, chosen_at = read_choice(str(environ.get("HTTP_COOKIE", "")))
    if chosen and chosen_at >= since:
        return chosen
    return first_spoken(wished) or chosen or preferred(str(environ.get("HTTP_ACCEPT_LANGUAGE", ""))[:_LONGEST_HEADER])


def first_spoken(tags: Iterable[str]) -> str:
    """Return the first language of a list of tags that we speak, whatever its region; nothing where there is none."""
    primary = (tag.partition("-")[0].lower() for tag in tags)
    return next((language for language in primary if language in LANGUAGES), "")


@lru_cache(maxsize=256)
def preferred(header: str) -> str:
    """Return the language of ours that an Accept-Language header puts first, English where it names none."""
    accepted = parse_accept_header(header, LanguageAccept)
    return first_spoken(tag for tag, quality in accepted if quality > 0) or ENGLISH


def read_choice(cookies: str) -> tuple[str, int]:
    """Return the language that the person chose and when, from the Cookie header; nothing where there is none."""
    language, _, at = read_cookie(cookies, COOKIE).partition("-")
    if language not in LANGUAGES or not (at.isascii() and at.isdigit()):
        return "", 0
    return language, int(at)


def remember_choice(language: str, now: int) -> tuple[str, str]:
    """Return the header that keeps what the person chose, with the moment, which decides what is the latest word."""
    return set_cookie(COOKIE, f"{language}-{now}", lifetime_seconds=_KEEP_SECONDS)


def language_links(here: str) -> tuple[LanguageLink, ...]:
    """Return the entries of the language switch of a page in a language, none where it offers no switch."""
    environ = _environ()
    can_be_asked_for = cast("Callable[[], bool] | None", environ.get(_SWITCH))
    if can_be_asked_for is None or not can_be_asked_for():
        return ()
    kept = without_language(str(environ.get("QUERY_STRING", "")))
    return tuple(
        LanguageLink(each, NATIVE_NAMES[each], "" if each == here else address(kept, each)) for each in LANGUAGES
    )


def without_language(query: str) -> str:
    """Return a query with no language chosen."""
    return urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != PARAMETER])


def address(query: str, language: str = "") -> str:
    """Return the present page's relative address for a query that chooses no language, with one chosen or none.

    It is relative, a query and nothing else, so that no path, however it is written, leads to another host.
    """
    chosen = f"{PARAMETER}={language}" if language else ""
    return f"?{query}{'&' if query and chosen else ''}{chosen}"


@cache
def read_texts(language: str) -> NullTranslations:
    """Return our texts in a language; its catalogue is read and compiled once, when the first page needs it."""
    if language == ENGLISH:
        return NullTranslations()
    path = find_assets("templates") / "locale" / f"{language}.po"
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _environ() -> dict[str, object]:
    """Return the request being answered, or an empty one where a page is made outside of any."""
    found = REQUEST.get()
    return {} if found is None else found
