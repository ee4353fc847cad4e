"""A password: what everyone begins with who has no passkey."""

from typing import Final

from authserver.accounts.factors.model import KNOWLEDGE, PASSWORD_NAME, Factor, Method
from authserver.messages import Message

PASSWORD_METHOD: Final = "pwd"  # noqa: S105 - a method's name

PASSWORD: Final = Factor(
    name=PASSWORD_NAME,
    methods={PASSWORD_METHOD: Method(frozenset({KNOWLEDGE}), ("pwd",), Message("with a password"))},
    path="/login",
    instead=Message("Sign in with your password instead"),
)
