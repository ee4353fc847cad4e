"""Whether two names look alike to a person who reads one of them quickly."""

import unicodedata
from typing import Final

# Letters of other alphabets, digits and signs that are drawn as these are, in most fonts.
_DRAWN_AS: Final = str.maketrans(
    {
        "\u0430": "a", "\u03b1": "a", "\u0435": "e", "\u043e": "o", "\u03bf": "o", "\u0440": "p", "\u03c1": "p",
        "\u0441": "c", "\u0443": "y", "\u0445": "x", "\u0456": "i", "\u03b9": "i", "\u0131": "i", "\u0458": "j",
        "\u0455": "s", "\u04bb": "h", "\u0501": "d", "\u051b": "q", "\u051d": "w", "\u03bd": "v", "\u0442": "t",
        "\u03c4": "t", "\u043a": "k", "\u03ba": "k", "\u043c": "m", "\u043d": "h", "\u0432": "b", "\u03b2": "b",
        "0": "o", "1": "l", "|": "l", "$": "s", "5": "s",
    }
)  # fmt: skip


def looks_like(name: str, other: str) -> bool:
    """Return whether two names are the same but for case, accents, spaces, marks and letters drawn alike."""
    return _skeleton(name) == _skeleton(other) != ""


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold().translate(_DRAWN_AS)
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if letter.isalnum())
    return letters.replace("rn", "m").replace("vv", "w").replace("i", "l")
