"""What a page says to a person, and a language that shows which of it came out of the catalogues."""

import re
from collections.abc import Iterable
from gettext import NullTranslations
from html.parser import HTMLParser

_SPOKEN_ATTRIBUTES = {"alt", "title", "placeholder", "aria-label", "aria-description", "aria-roledescription"}
_NOT_SPOKEN = {"script", "style", "template"}
_DATA = {"code", "pre", "bdi"}  # what stands in these is data by the convention of our templates
_VOID = {"meta", "link", "input", "img", "br", "hr", "wbr"}

_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ACCENTED = "áƀćđéƒǵĥíĵķłḿńóṕɋŕśťúṽŵẋýźÁƁĆĐÉƑǴĤÍĴĶŁḾŃÓṔɊŔŚŤÚṼŴẊÝŹ"
_WITH_ACCENTS = str.maketrans(_PLAIN, _ACCENTED)
_PLACEHOLDER = re.compile(r"(%\(\w+\)s|%%)")


class PseudoTranslations(NullTranslations):
    """English with an accent on every letter: on its pages a letter without one did not pass the catalogues."""

    def gettext(self, message: str) -> str:
        """Return a text with accents."""
        return with_accents(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the one or the other with accents."""
        return with_accents(msgid1 if n == 1 else msgid2)


def with_accents(message: str) -> str:
    """Return a message with an accent on each letter but those of its placeholders."""
    parts = _PLACEHOLDER.split(message)
    return "".join(part if place % 2 else part.translate(_WITH_ACCENTS) for place, part in enumerate(parts))


class _Reader(HTMLParser):
    """Collects what is spoken, leaving out data and what states a language of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        silent = tag in _NOT_SPOKEN | _DATA or ("lang" in values and tag != "html")
        silent = silent or values.get("aria-hidden") == "true"
        if not silent and not any(self._silent):
            self.said += [value for name, value in values.items() if name in _SPOKEN_ATTRIBUTES]
        if tag not in _VOID:
            self._silent.append(silent)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(self._silent):
            self.said.append(" ".join(data.split()))


def read_page(markup: str) -> list[str]:
    """Return every piece of text that a page speaks in its own language."""
    reader = _Reader()
    reader.feed(markup)
    return reader.said


def outside_the_catalogues(markup: str, values: Iterable[str]) -> list[str]:
    """Return what a page in the pseudo-language says without accents, apart from these values as whole words."""
    known = re.compile("|".join(rf"\b{re.escape(value)}\b" for value in sorted(values, key=len, reverse=True)))
    return [text for text in read_page(markup) if re.search("[A-Za-z]", known.sub("", text))]
