"""Names and references from outside: one normal form, nothing unseen in them, and nothing that deceives the eye."""

import re
import unicodedata
from collections import Counter
from typing import Final

MAX_NAME_LENGTH: Final = 140
_MAX_MARKS_IN_A_ROW = 3
_WORD = re.compile(r"\w+")
_OF_ANY_LATIN_TEXT: Final = frozenset("\u00aa\u00ba\u00b5")
_TOGETHER: Final = (frozenset({"CJK", "HIRAGANA", "KATAKANA"}), frozenset({"CJK", "HANGUL"}))
"""Scripts that honest words mix."""


def parse_name(text: str) -> str:
    """Return a name or a reference in its composed form (NFC).

    Raises ValueError where it is empty, too long, begins or ends with a space, or holds what is not seen: control,
    format (direction, zero width), surrogate, private and unassigned characters, spaces other than the plain one, or a
    pile of marks.

    Spec: RFC9396-12
    """
    name = unicodedata.normalize("NFC", text)
    if not 1 <= len(name) <= MAX_NAME_LENGTH or name != name.strip():
        raise ValueError("empty, too long, or with a space at an end")
    if any(_is_unseen(character) for character in name):
        raise ValueError("a character that is not seen")
    if _longest_run_of_marks(name) > _MAX_MARKS_IN_A_ROW:
        raise ValueError("too many marks on one letter")
    return name


def shown_name(name: str) -> str:
    """Return a name with the letters of a second script within one word written as their code points.

    So a Cyrillic letter among Latin ones cannot pass for one of them. A word wholly in another script is that script's
    own.

    Spec: RFC9396-12
    """
    return _WORD.sub(lambda word: _shown_word(word.group()), name)


def _shown_word(word: str) -> str:
    scripts = Counter(script for script in map(_script, word) if script)
    if len(scripts) <= 1 or any(set(scripts) <= group for group in _TOGETHER):
        return word
    main = scripts.most_common(1)[0][0]
    return "".join(character if _script(character) in {"", main} else f"[U+{ord(character):04X}]" for character in word)


def _script(letter: str) -> str:
    """Return the script of a letter, by the first word of its Unicode name, and nothing for what is no letter."""
    if not letter.isalpha() or letter in _OF_ANY_LATIN_TEXT:
        return ""
    return unicodedata.name(letter, "UNKNOWN").split()[0].partition("-")[0]


def _is_unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("C") or (category.startswith("Z") and character != " ")


def _longest_run_of_marks(name: str) -> int:
    longest = run = 0
    for character in name:
        run = run + 1 if unicodedata.category(character).startswith("M") else 0
        longest = max(longest, run)
    return longest
