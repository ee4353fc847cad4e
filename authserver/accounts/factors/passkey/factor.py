"""A passkey or security key, as the rest of the house knows it.

One that may be synced says `swk`: its key is not held by one piece of hardware. Two passkeys, or a passkey and a code,
are all things that one has.
"""

from typing import Final

from authserver.accounts.factors.model import POSSESSION, USER_VERIFICATION, Factor, Method
from authserver.messages import Message

DEVICE_KEY: Final = "hwk"
_PRESENT: Final = frozenset({POSSESSION})
_VERIFIED: Final = frozenset({POSSESSION, USER_VERIFICATION})
_BY_PASSKEY: Final = Message("with a passkey")

PASSKEY: Final = Factor(
    name="passkey",
    methods={
        DEVICE_KEY: Method(_PRESENT, ("hwk", "user"), Message("with a security key")),
        "swk": Method(_PRESENT, ("swk", "user"), _BY_PASSKEY),
        "hwk+uv": Method(_VERIFIED, ("hwk", "user"), _BY_PASSKEY, phishing_resistant=True),
        "swk+uv": Method(_VERIFIED, ("swk", "user"), _BY_PASSKEY, phishing_resistant=True),
    },
    path="/login/passkey",
    instead=Message("Use your passkey or security key instead"),
)
