"""Activities and ways of signing in, in the words a person reads."""

from collections.abc import Mapping
from typing import Final

from authserver.accounts import activities
from authserver.messages import Message

ACTIVITY_WORDS: Final[Mapping[str, Message]] = {
    activities.SIGNED_IN: Message("You signed in"),
    activities.SECOND_FACTOR_GIVEN: Message("You gave a second factor"),
    activities.SIGNED_OUT: Message("You signed out"),
    activities.SESSIONS_ENDED: Message("You signed out other browsers"),
    activities.CONSENT_GIVEN: Message("You allowed an app to use your data"),
    activities.SHARING_ENDED: Message("You stopped sharing with an app"),
    activities.PAYMENTS_ENDED: Message("You stopped payments by an app"),
    activities.PAYMENT_APPROVED: Message("You confirmed a payment"),
    activities.PAYMENT_SHOWN: Message("You let an app see the state of a payment"),
    activities.PAYMENT_CANCELLED: Message("You let an app cancel a payment"),
    activities.LIMITS_APPROVED: Message("You confirmed payments to come, up to this much each time"),
    activities.PASSKEY_ADDED: Message("A passkey was added"),
    activities.PASSKEY_RENAMED: Message("A passkey was given another name"),
    activities.PASSKEY_REMOVED: Message("A passkey was removed"),
    activities.PASSKEY_CLOSED: Message("A passkey was blocked, since there may be a copy of it"),
    activities.GENERATOR_ADDED: Message("An authenticator app was added"),
    activities.GENERATOR_REMOVED: Message("The authenticator app was removed"),
    activities.RECOVERY_CODES_MADE: Message("New recovery codes were made"),
    activities.RECOVERY_CODE_USED: Message("A recovery code was used"),
    activities.EMAIL_CHANGED: Message("Your email address was changed for you"),
    activities.FACTORS_RESET: Message("Your second factors were removed for you"),
    activities.PASSWORD_CHANGED: Message("Your password was changed"),
    activities.INVITATION_CLAIMED: Message("Your account was set up with an invitation"),
    activities.DATA_DOWNLOADED: Message("You downloaded your data"),
}
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
