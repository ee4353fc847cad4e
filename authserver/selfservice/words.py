"""Activities and ways of signing in, in the words a person reads."""

from collections.abc import Mapping
from typing import Final

from authserver.messages import Message

OTHER_ACTIVITY: Final = Message("Something changed in your account")

METHOD_WORDS: Final[Mapping[str, Message]] = {
    "pwd": Message("with a password"),
    "otp": Message("with a code from an authenticator app"),
    "recovery": Message("with a recovery code"),
    "hwk": Message("with a security key"),
    "swk": Message("with a passkey"),
    "hwk+uv": Message("with a passkey"),
    "swk+uv": Message("with a passkey"),
}

PASSKEY_DID_NOT_WORK: Final = Message("The passkey was not made. Try again, or use another device.")
