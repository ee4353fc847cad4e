"""An authenticator app, as the rest of the house knows it."""

from typing import Final

from authserver.accounts.factors.model import POSSESSION, Factor, Method
from authserver.messages import Message

TOTP_METHOD: Final = "otp"

TOTP: Final = Factor(
    name="totp",
    methods={
        TOTP_METHOD: Method(frozenset({POSSESSION}), ("otp",), Message("with a code from an authenticator app")),
    },
    path="/login/totp",
    instead=Message("Use the code from your authenticator app instead"),
)
