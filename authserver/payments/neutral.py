"""Text of others made safe to look at: nothing in it can hide, turn around or pass for another letter.

What is taken out of sight is shown by its number, such as `[U+202E]`, never dropped: a person sees that it is there.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final

_MOST_MARKS: Final = 2
_MIXED_FREELY: Final = frozenset({"LATIN", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
"""Scripts that honest East Asian words mix; no letter of one passes for a letter of another."""
_ORDINALS: Final = frozenset({"FEMININE", "MASCULINE"})
"""`ª` and `º`, which are letters to Unicode and stand in honest addresses."""


def neutralise(text: str) -> str:
    """Return a text with every deceptive character shown by its number, and its white space as single spaces.

    Deceptive are controls, format characters (those that change direction or have no width), what Unicode has not
    assigned, letters of a second script within one word, and a third combining mark on one letter.

    Spec: RTS-SCA-5.2
    """
    return " ".join("".join(_word(word)) for word in "".join(map(_spaced, text)).split(" ") if word)


def _spaced(character: str) -> str:
    return " " if unicodedata.category(character) == "Zs" else character


def _word(word: str) -> Iterator[str]:
    kept, marks = _main_script(word), 0
    for character in word:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        foreign = not _goes_with(_script(character), kept)
        yield _number(character) if foreign or marks > _MOST_MARKS or _is_hidden(character) else character


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("C") or category in {"Zl", "Zp"} or not unicodedata.name(character, "")


def _number(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _script(character: str) -> str:
    """Return the script that a letter's name begins with, or nothing for what belongs to every script.

    Letters dressed as others (fullwidth, mathematical, modifier) name their dress, and so count as foreign.
    """
    if not unicodedata.category(character).startswith("L"):
        return ""
    name = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
    return "" if name in _ORDINALS else name


def _main_script(word: str) -> str:
    """Return the script of most letters; of two with as many, the one whose name is first but Latin before any."""
    found = Counter(script for script in map(_script, word) if script)
    return min(found, key=lambda script: (-found[script], script != "LATIN", script), default="")


def _goes_with(script: str, kept: str) -> bool:
    return not script or script == kept or {script, kept} <= _MIXED_FREELY
