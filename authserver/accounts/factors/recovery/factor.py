"""Recovery codes, as the rest of the house knows them."""

from typing import Final

from authserver.accounts.factors.model import POSSESSION, Factor, Method
from authserver.messages import Message

RECOVERY_METHOD: Final = "recovery"

RECOVERY: Final = Factor(
    name="recovery",
    methods={RECOVERY_METHOD: Method(frozenset({POSSESSION}), ("otp",), Message("with a recovery code"))},
    path="/login/recovery",
    instead=Message("Use a recovery code instead"),
)
