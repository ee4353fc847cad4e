"""What no record may hold, taken out of it, however it came into a text."""

import re
from typing import Final

WITHHELD: Final = "[withheld]"

_CARD_NUMBER: Final = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
_JWT: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}")
_LUHN_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def without_secrets(text: str) -> str:
    """Return a text in which nothing looks like the number of a payment card or a signed token.

    What else is a secret looks like any random id: no kind of event names a detail that could hold one.

    Spec: ASVS5-16.2.5
    """
    return _JWT.sub(WITHHELD, _CARD_NUMBER.sub(_withhold, text))


def _withhold(found: re.Match[str]) -> str:
    digits = [int(character) for character in found[0] if character.isdigit()]
    checked = sum(_LUHN_DOUBLED[digit] if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return found[0] if checked % 10 else WITHHELD
