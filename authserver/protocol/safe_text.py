"""Text of others made safe to look at: nothing in it can hide, turn around or pass for another letter.

What is taken out of sight is shown by its number, such as `[U+202E]`, never dropped: a person sees that it is there.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final

_MOST_MARKS: Final = 2
_OVERLAY: Final = 1
_SCRIPTS: Final = frozenset({
    "ARABIC", "ARMENIAN", "BENGALI", "BOPOMOFO", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK",
    "GUJARATI", "GURMUKHI", "HALFWIDTH", "HANGUL", "HEBREW", "HIRAGANA", "IDEOGRAPHIC", "KANNADA", "KATAKANA", "KHMER",
    "LAO", "LATIN", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN",
})  # fmt: skip
"""Scripts in which people write their names today (UAX 31, table 5), and katakana as Japanese banks write it.

Any other, such as Lisu, has few readers and many letters that look Latin.
"""
_MIXED_FREELY: Final = frozenset({"LATIN", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HALFWIDTH", "HANGUL"})
"""Scripts that honest East Asian words mix; no letter of one passes for a letter of another."""
_ORDINALS: Final = frozenset({"FEMININE", "MASCULINE"})
"""`ª` and `º`, which are letters to Unicode and stand in honest addresses."""
_LATIN_LOOKALIKES: Final = frozenset(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u04ae\u04c0\u051a\u051c"
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04af\u04bb\u04cf\u0501\u051b\u051d"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03b1\u03b3\u03b9\u03ba\u03bd\u03bf\u03c1\u03c5\u03c7"
)
"""Letters of the Cyrillic and the Greek script that are drawn like Latin ones: whole words are made of them."""
_UNSEEN: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x1D159, *range(0x180B, 0x1810),
              *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)  # fmt: skip
"""What is drawn as nothing although its category says letter, mark or symbol: fillers, selectors, blank patterns."""


def neutralise(text: str) -> str:
    """Return a text with every deceptive character shown by its number, and its white space as single spaces.

    Deceptive are controls, format characters (those that change direction or have no width), whatever else is drawn as
    nothing, what Unicode has not assigned, letters of a script in little use, letters of a second script within one
    word, a word made of nothing but letters that look Latin (where no other word shows its script), what is drawn over
    or around another letter, and a third combining mark on one letter.

    Spec: RTS-SCA-5.2, RFC9396-12
    """
    words = [word for word in "".join(map(_spaced, text)).split(" ") if word]
    plain = {script for word in words for script in map(_script, _unmistakable(word))}
    return " ".join("".join(_shown(word, _kept_script(word, plain))) for word in words)


def is_unseen(character: str) -> bool:
    """Return whether a character is drawn as nothing, or as it pleases: a control, a filler, one not assigned."""
    category = unicodedata.category(character)
    return category.startswith("C") or category in {"Zl", "Zp"} or character in _UNSEEN


def _spaced(character: str) -> str:
    return " " if unicodedata.category(character) == "Zs" else character


def _shown(word: str, kept: str) -> Iterator[str]:
    marks = 0
    for character in word:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        foreign = not _goes_with(_script(character), kept)
        is_hidden = foreign or marks > _MOST_MARKS or is_unseen(character) or _is_drawn_over(character)
        yield f"[U+{ord(character):04X}]" if is_hidden else character


def _is_drawn_over(character: str) -> bool:
    return unicodedata.category(character) == "Me" or unicodedata.combining(character) == _OVERLAY


def _script(character: str) -> str:
    """Return the script that a letter's name begins with, or nothing for what belongs to every script.

    Letters dressed as others (fullwidth, mathematical, modifier, Roman numerals) name their dress. The parts of Hangul
    syllables, some of which are plain strokes and rings, are none that words are written in.
    """
    category = unicodedata.category(character)
    if not category.startswith("L") and category != "Nl":
        return ""
    first, _, rest = unicodedata.name(character, "UNKNOWN").partition(" ")
    name = "JAMO" if first == "HANGUL" and not rest.startswith("SYLLABLE") else first.partition("-")[0]
    return "" if name in _ORDINALS else name


def _unmistakable(word: str) -> Iterator[str]:
    return (character for character in word if character not in _LATIN_LOOKALIKES)


def _kept_script(word: str, plain: set[str]) -> str:
    """Return the script of most letters; of two with as many, the one whose name is first but Latin before any.

    It is Latin for a word that looks Latin throughout, unless the text shows elsewhere that it is of that other script.
    """
    found = Counter(script for script in map(_script, word) if script)
    kept = min(found, key=lambda script: (-found[script], script != "LATIN", script), default="")
    has_lookalikes = any(character in _LATIN_LOOKALIKES for character in word)
    return "LATIN" if has_lookalikes and kept not in plain else kept


def _goes_with(script: str, kept: str) -> bool:
    is_plain = script in _SCRIPTS and (script == kept or {script, kept} <= _MIXED_FREELY)
    return not script or is_plain
