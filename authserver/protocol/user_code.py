"""User codes: what a device shows and a person types, so short that guessing must be limited where it is typed."""

import secrets
from typing import Final

_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH: Final = 8
_LONGEST_TYPED: Final = 64


def new_user_code() -> str:
    """Return eight random letters, of which none makes a word with the others, as `WDJB-MJHT`; 34.5 bits.

    Spec: RFC8628-6.1, RFC8628-5.1
    """
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def read_user_code(typed: str) -> str | None:
    """Return a code as it is shown, however it was typed: case, spaces and marks count for nothing; None for no code.

    Spec: RFC8628-6.1
    """
    letters = "".join(letter for letter in typed[:_LONGEST_TYPED].upper() if letter.isalnum())
    if len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        return None
    return f"{letters[:4]}-{letters[4:]}"
