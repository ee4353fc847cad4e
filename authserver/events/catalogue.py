"""Every kind of event there is. `docs/errors.md` has a line for each that the log tells."""

from collections.abc import Mapping
from typing import Final

from authserver.events.model import Kind
from authserver.messages import Message

_FAILURE: Final = ("method", "outcome", "reason")
_REFUSAL: Final = ("error", "reason", "clause")
_APPROVAL: Final = ("approval_id", "method", "linked")

# A person signs in and out.
SIGN_IN_SUCCEEDED: Final = Kind(
    "sign_in.succeeded", ("method",), is_recorded=True, words=Message("You signed in"), listed_as="signed_in"
)
SIGN_IN_FAILED: Final = Kind("sign_in.failed", _FAILURE)
SECOND_FACTOR_SUCCEEDED: Final = Kind(
    "second_factor.succeeded",
    ("method",),
    is_recorded=True,
    words=Message("You used a second factor"),
    listed_as="second_factor_given",
)
RECOVERY_CODE_USED: Final = Kind(
    "recovery_code.used",
    ("method",),
    is_recorded=True,
    words=Message("A recovery code was used"),
    letter=Message("A recovery code was used to sign in"),
    logged_as="second_factor.succeeded",
)
SECOND_FACTOR_FAILED: Final = Kind("second_factor.failed", _FAILURE)
SIGN_OUT_DONE: Final = Kind("sign_out.done", is_recorded=True, words=Message("You signed out"), listed_as="signed_out")
SESSIONS_ENDED: Final = Kind(
    "sessions.ended", ("ended",), is_recorded=True, words=Message("You signed out other browsers")
)

# A person changes how they sign in.
INVITATION_CLAIMED: Final = Kind(
    "invitation.claimed",
    is_recorded=True,
    words=Message("Your account was set up with an invitation"),
    letter=Message("An invitation to your account was used"),
)
PASSKEY_ADDED: Final = Kind(
    "passkey.added",
    is_recorded=True,
    words=Message("A passkey was added"),
    letter=Message("A passkey was added to your account"),
)
PASSKEY_RENAMED: Final = Kind("passkey.renamed", is_recorded=True, words=Message("A passkey was renamed"))
PASSKEY_REMOVED: Final = Kind(
    "passkey.removed",
    is_recorded=True,
    words=Message("A passkey was removed"),
    letter=Message("A passkey was removed from your account"),
)
PASSKEY_CLOSED: Final = Kind(
    "passkey.closed",
    ("passkey_id",),
    is_recorded=True,
    words=Message("A passkey was blocked, because there may be a copy of it"),
    letter=Message("A passkey of your account was blocked, because there may be a copy of it"),
    is_alarm=True,
    logged_as="passkey.clone_suspected",
)
GENERATOR_ADDED: Final = Kind(
    "generator.added",
    is_recorded=True,
    words=Message("An authenticator app was added"),
    letter=Message("An authenticator app was added to your account"),
)
GENERATOR_REMOVED: Final = Kind(
    "generator.removed",
    is_recorded=True,
    words=Message("The authenticator app was removed"),
    letter=Message("The authenticator app was removed from your account"),
)
RECOVERY_CODES_MADE: Final = Kind(
    "recovery_codes.made",
    is_recorded=True,
    words=Message("New recovery codes were created"),
    letter=Message("New recovery codes were created for your account"),
)
PASSWORD_CHANGED: Final = Kind(
    "password.changed",
    is_recorded=True,
    words=Message("Your password was changed"),
    letter=Message("Your password was changed"),
)

# A person decides about apps and payments.
CONSENT_GIVEN: Final = Kind(
    "consent.given",
    ("consent_id", "scope", "authorization_details"),
    is_recorded=True,
    words=Message("You allowed an app to use your data"),
)
CONSENT_DENIED: Final = Kind(
    "consent.denied", is_recorded=True, words=Message("You did not allow an app to use your data")
)
PAYMENT_APPROVED: Final = Kind(
    "payment.approved", _APPROVAL, is_recorded=True, words=Message("You confirmed a payment")
)
PAYMENT_SHOWN: Final = Kind(
    "payment.shown",
    _APPROVAL,
    is_recorded=True,
    words=Message("You let an app see the state of a payment"),
    logged_as="payment.approved",
)
PAYMENT_CANCELLED: Final = Kind(
    "payment.cancelled",
    _APPROVAL,
    is_recorded=True,
    words=Message("You let an app cancel a payment"),
    logged_as="payment.approved",
)
LIMITS_APPROVED: Final = Kind(
    "limits.approved",
    _APPROVAL,
    is_recorded=True,
    words=Message("You confirmed future payments, up to this amount each"),
    logged_as="payment.approved",
)
PAYMENT_APPROVAL_FAILED: Final = Kind("payment.approval_failed", _FAILURE)
PAYMENT_DENIED: Final = Kind("payment.denied", is_recorded=True, words=Message("You did not confirm a payment"))
PAYMENT_VOIDED: Final = Kind(
    "payment.voided",
    ("reason",),
    is_recorded=True,
    words=Message("A payment could not be confirmed, because its page had been changed"),
)
SHARING_ENDED: Final = Kind(
    "sharing.ended",
    is_recorded=True,
    words=Message("You stopped sharing with an app"),
    letter=Message("You stopped sharing data with an app"),
)
PAYMENTS_ENDED: Final = Kind(
    "payments.ended",
    is_recorded=True,
    words=Message("You stopped payments by an app"),
    letter=Message("You stopped payments by an app"),
)
DATA_DOWNLOADED: Final = Kind("data.downloaded", is_recorded=True, words=Message("You downloaded your data"))

# An operator changes an account, a client or a key. A command hands their lines to the system's log.
ACCOUNT_CREATED: Final = Kind("account.created", is_recorded=True, words=Message("Your account was created"))
ACCOUNT_INVITED: Final = Kind(
    "account.invited", is_recorded=True, words=Message("You were invited to set up how you sign in")
)
INVITATIONS_WITHDRAWN: Final = Kind(
    "invitations.withdrawn", is_recorded=True, words=Message("Your invitation was taken back")
)
ACCOUNT_UPDATED: Final = Kind("account.updated", is_recorded=True, words=Message("We changed your personal details"))
ACCOUNT_LOCKED: Final = Kind("account.locked", is_recorded=True, words=Message("Your account was locked"))
ACCOUNT_UNLOCKED: Final = Kind("account.unlocked", is_recorded=True, words=Message("Your account was unlocked"))
ACCOUNT_SIGNED_OUT: Final = Kind(
    "account.signed_out", is_recorded=True, words=Message("You were signed out everywhere")
)
ACCOUNT_DELETED: Final = Kind("account.deleted", ("account",), is_recorded=True)
PERMISSIONS_REVOKED: Final = Kind(
    "permissions.revoked",
    ("ended",),
    is_recorded=True,
    words=Message("We stopped everything that you had allowed apps"),
)
CLIENT_REGISTERED: Final = Kind("client.registered", is_recorded=True)
INITIAL_TOKEN_MADE: Final = Kind("initial_token.made", ("profile", "uses"), is_recorded=True)
CLIENT_UPDATED: Final = Kind("client.updated", is_recorded=True)
CLIENT_SECRET_ROTATED: Final = Kind("client.secret_rotated", is_recorded=True)
CLIENT_DISABLED: Final = Kind("client.disabled", is_recorded=True)
CLIENT_ENABLED: Final = Kind("client.enabled", is_recorded=True)
CLIENT_DELETED: Final = Kind("client.deleted", is_recorded=True)
KEY_MADE: Final = Kind("key.made", ("kid",), is_recorded=True)
KEY_ROTATED: Final = Kind("key.rotated", ("kid", "action", "algorithm"), is_recorded=True)
KEY_RETIRED: Final = Kind("key.retired", ("kid",), is_recorded=True)
KEY_COMPROMISED: Final = Kind("key.compromised", ("kid",), is_recorded=True, is_alarm=True)
DATABASE_PURGED: Final = Kind("database.purged", is_recorded=True)
EVENTS_READER_REMOVED: Final = Kind("events.reader_removed", ("reader",), is_recorded=True)
FACTORS_RESET: Final = Kind(
    "factors.reset",
    is_recorded=True,
    words=Message("We removed your second factors"),
    letter=Message("The second factors of your account were removed"),
)
EMAIL_CHANGED: Final = Kind(
    "email.changed",
    is_recorded=True,
    words=Message("We changed your email address"),
    letter=Message("The email address of your account was changed"),
)

SIGN_OUT_REFUSED: Final = Kind("sign_out.refused", _REFUSAL)

# A client asks, and uses what it was given. What was issued is the record of its own issue.
AUTHORIZATION_GRANTED: Final = Kind("authorization.granted")
AUTHORIZATION_REFUSED: Final = Kind("authorization.refused", ("error",))
AUTHORIZATION_PAGE_REFUSED: Final = Kind("authorization.page_refused", _REFUSAL)
DEVICE_USER_CODE_UNKNOWN: Final = Kind("device.user_code_unknown")
TOKEN_ISSUED: Final = Kind("token.issued")
TOKEN_REVOKED: Final = Kind("token.revoked")
CODE_REPLAYED: Final = Kind(
    "code.replayed",
    is_recorded=True,
    words=Message("What you had just allowed an app was stopped, because someone tried to use it twice"),
    is_alarm=True,
)
REFRESH_REUSE_DETECTED: Final = Kind(
    "refresh.reuse_detected",
    is_recorded=True,
    words=Message("What you had allowed an app was stopped, because someone else may have used it"),
    is_alarm=True,
)
REGISTRATION_REFUSED: Final = Kind("registration.refused", _REFUSAL)
CLIENT_AUTHENTICATION_FAILED: Final = Kind("client.authentication_failed", ("claimed_client_id", "reason"))

# The server itself.
CLIENT_CERTIFICATE_DROPPED: Final = Kind("client_certificate.dropped", ("reason",), is_alarm=True)
JWKS_FETCH_FAILED: Final = Kind("jwks.fetch_failed", ("reason",), is_alarm=True)
LIMITS_STORAGE_FAILED: Final = Kind("limits.storage_failed", ("exception",), is_alarm=True)
NOTICE_FAILED: Final = Kind("notice.failed", ("notice", "error"))
NOTICE_GIVEN_UP: Final = Kind("notice.given_up", ("notice", "error"), is_alarm=True)
NOTICE_SENDER_FAILED: Final = Kind("notice.sender_failed", ("notice", "error"), is_alarm=True)
NOTICES_BEHIND: Final = Kind("notices.behind", ("seconds",), is_alarm=True)
LOGOUT_TOLD: Final = Kind("logout.told")
LOGOUT_FAILED: Final = Kind("logout.failed", ("error",))
LOGOUT_GIVEN_UP: Final = Kind("logout.given_up", ("error",), is_alarm=True)
LOGOUT_SENDER_FAILED: Final = Kind("logout.sender_failed", ("error",), is_alarm=True)
LOGOUTS_BEHIND: Final = Kind("logouts.behind", ("seconds",), is_alarm=True)
EVENTS_READER_BEHIND: Final = Kind("events.reader_behind", ("reader", "days"), is_alarm=True)

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in list(globals().values()) if isinstance(kind, Kind)}
"""Each kind by its name."""

_LISTED: Final = {kind.activity: kind for kind in KINDS.values()}


def find_kind(stored: str) -> Kind | None:
    """Return the kind of a stored name, which of older rows is the name in a list of activities; None if unknown."""
    return KINDS.get(stored) or _LISTED.get(stored)
