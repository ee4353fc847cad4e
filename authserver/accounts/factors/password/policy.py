"""Which passwords may be chosen: long enough, hard to guess, and not made of what everyone knows about the person.

No rule asks for kinds of characters. Guessing is estimated by zxcvbn, whose list of common passwords comes with it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

from authserver.messages import Message

MIN_PASSWORD_LENGTH: Final = 8
MAX_PASSWORD_LENGTH: Final = 256
MIN_SCORE: Final = 3

TOO_SHORT: Final = Message("Use at least 8 characters. 15 or more are better.")
TOO_LONG: Final = Message("Use at most 256 characters.")
NOT_TEXT: Final = Message("Use letters, digits, symbols and spaces that you can type on a keyboard.")
COMMON: Final = Message("This password is on a list of common passwords that attackers try first. Choose another.")
PERSONAL: Final = Message("This password consists mostly of your name, your email address or our name. Choose another.")
GUESSABLE: Final = Message(
    "This password is too easy to guess. Make it longer, for example with several unusual words."
)

PROBLEMS: Final[Mapping[str, Message]] = {"common": COMMON, "personal": PERSONAL, "guessable": GUESSABLE}
"""What `check_strength` finds, each by a name."""

_LONGEST_JUDGED: Final = 72
_MOST_SUBSTITUTES: Final = 6
_SUBSTITUTES: Final = frozenset("4@8({[<369&#!1/|0$5+7%2")
_STANDS_FOR_ITSELF: Final = "~"
_SHORTEST_WORD: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")
_TELLING_CLAIMS: Final = (
    "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "email", "birthdate",
    "phone_number",
)  # fmt: skip


class WeakPassword(ValueError):
    """A password that may not be chosen; its text says why, for the person who chose it."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem)
        self.problem = problem


def check_password(password: str, context_words: Iterable[str]) -> None:
    """Raise WeakPassword unless a new password may be chosen by a person of whom these words are known.

    It takes up to a tenth of a second, in which no other thread of the process runs: a server asks `password_judge`.

    Spec: ASVS5-6.2.1, ASVS5-6.2.4, ASVS5-6.2.5, ASVS5-6.2.9, ASVS5-6.2.11
    """
    check_form_of_password(password)
    check_strength(password, context_words)


def check_form_of_password(password: str) -> None:
    """Raise WeakPassword for a password that is too short, too long, or none that a keyboard can type; costs nothing.

    Characters are counted in their composed form, so that a letter counts once however the keyboard makes it.

    Spec: ASVS5-6.2.1, ASVS5-6.2.5, ASVS5-6.2.9
    """
    composed = unicodedata.normalize("NFC", password)
    if len(composed) < MIN_PASSWORD_LENGTH:
        raise WeakPassword(TOO_SHORT)
    if len(password) > MAX_PASSWORD_LENGTH:
        raise WeakPassword(TOO_LONG)
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in composed):
        raise WeakPassword(NOT_TEXT)


def check_strength(password: str, context_words: Iterable[str]) -> None:
    """Raise WeakPassword for a password that is common, made of these words, or easy to guess.

    Spec: ASVS5-6.2.4, ASVS5-6.2.11
    """
    composed = unicodedata.normalize("NFC", password)
    words = sorted({word.casefold() for word in context_words if len(word) >= _SHORTEST_WORD}, key=len, reverse=True)
    folded = composed.casefold()
    if folded in _common_passwords():
        raise WeakPassword(COMMON)
    if _is_mostly(folded, words):
        raise WeakPassword(PERSONAL)
    if _estimate()(_judged_part(composed), user_inputs=words)["score"] < MIN_SCORE:
        raise WeakPassword(GUESSABLE)


def context_words_of(username: str, claims: Mapping[str, object], site_name: str) -> tuple[str, ...]:
    """Return the words that anyone may know of a person: their names, the parts of their address, and our name.

    Spec: ASVS5-6.2.11
    """
    texts = (username, site_name, *(value for name in _TELLING_CLAIMS if isinstance(value := claims.get(name), str)))
    composed = (unicodedata.normalize("NFC", text) for text in texts)
    return tuple(dict.fromkeys(word for text in composed for word in (text, *_WORD.findall(text))))


@cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 12 MB that most workers never need

    return frozenset(FREQUENCY_LISTS["passwords"])


def _estimate() -> Callable[..., Mapping[str, Any]]:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - the same 12 MB

    estimate: Callable[..., Mapping[str, Any]] = zxcvbn
    return estimate


def _is_mostly(password: str, words: Iterable[str]) -> bool:
    """Tell whether a password holds some of these words, and too little beside them."""
    rest = password
    for word in words:
        rest = rest.replace(word, "")
    return rest != password and len(rest) < MIN_PASSWORD_LENGTH


def _judged_part(password: str) -> str:
    """Return the beginning by which a password is judged, with few kinds of signs that may stand for letters.

    The estimate tries every reading of such signs, which takes seconds where there are many kinds; a sign of a later
    kind is judged as one that stands for itself.
    """
    beginning = password[:_LONGEST_JUDGED]
    kinds = [character for character in dict.fromkeys(beginning) if character in _SUBSTITUTES]
    return beginning.translate(dict.fromkeys(map(ord, kinds[_MOST_SUBSTITUTES:]), _STANDS_FOR_ITSELF))
