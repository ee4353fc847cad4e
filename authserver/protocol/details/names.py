"""Names and references from outside: one normal form, and nothing unseen in them."""

import unicodedata
from typing import Final

from authserver.protocol.safe_text import is_unseen

MAX_NAME_LENGTH: Final = 140
_MAX_MARKS_IN_A_ROW = 3


def parse_name(text: str) -> str:
    """Return a name or a reference in its composed form (NFC).

    Raises ValueError where it is empty, too long, begins or ends with a space, or holds what is not seen: control,
    format (direction, zero width), surrogate, private and unassigned characters, fillers and blanks of other kinds,
    spaces other than the plain one, or a pile of marks.

    Spec: RFC9396-12
    """
    name = unicodedata.normalize("NFC", text)
    if not 1 <= len(name) <= MAX_NAME_LENGTH or name != name.strip():
        raise ValueError("empty, too long, or with a space at an end")
    if any(_is_refused(character) for character in name):
        raise ValueError("a character that is not seen")
    if _longest_run_of_marks(name) > _MAX_MARKS_IN_A_ROW:
        raise ValueError("too many marks on one letter")
    return name


def _is_refused(character: str) -> bool:
    return is_unseen(character) or (unicodedata.category(character) == "Zs" and character != " ")


def _longest_run_of_marks(name: str) -> int:
    longest = run = 0
    for character in name:
        run = run + 1 if unicodedata.category(character).startswith("M") else 0
        longest = max(longest, run)
    return longest
