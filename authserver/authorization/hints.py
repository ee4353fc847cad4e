"""Hints of a request: they help where they can be used, so one beyond any use is cut, never a reason to fail."""

from itertools import islice
from typing import Final

MAX_LOGIN_HINT_CHARACTERS: Final = 255
MAX_UI_LOCALES: Final = 16
_MAX_TAG_CHARACTERS: Final = 35  # the longest tag that RFC 5646 says a reader need keep (4.4.1)


def parse_login_hint(text: str | None) -> str | None:
    """Return who the app thinks is signing in, as far as a username can be long; None where nobody is named.

    Spec: OIDCC-3.1.2.1
    """
    return None if text is None else text[:MAX_LOGIN_HINT_CHARACTERS]


def parse_ui_locales(text: str | None) -> tuple[str, ...]:
    """Return the first sixteen of what can be tags of a language.

    Spec: OIDCC-3.1.2.1
    """
    if not text:
        return ()
    tags = (tag for tag in text.split() if len(tag) <= _MAX_TAG_CHARACTERS)
    return tuple(islice(tags, MAX_UI_LOCALES))
