"""Texts that several account pages show."""

from typing import Final

from authserver.messages import Message

OTHER_ACTIVITY: Final = Message("Something changed in your account")

PASSKEY_DID_NOT_WORK: Final = Message("The passkey was not created. Try again, or use another device.")
