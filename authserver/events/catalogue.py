"""Every kind of event there is. `docs/errors.md` has a line for each."""

from collections.abc import Mapping
from typing import Final

from authserver.events.model import Kind

_FAILURE: Final = ("method", "outcome", "reason")
_REFUSAL: Final = ("error", "reason", "clause")
_APPROVAL: Final = ("approval_id", "method", "linked")

SIGN_IN_SUCCEEDED: Final = Kind("sign_in.succeeded", ("method",))
SIGN_IN_FAILED: Final = Kind("sign_in.failed", _FAILURE)
SECOND_FACTOR_SUCCEEDED: Final = Kind("second_factor.succeeded", ("method",))
SECOND_FACTOR_FAILED: Final = Kind("second_factor.failed", _FAILURE)
SIGN_OUT_DONE: Final = Kind("sign_out.done")
SESSIONS_ENDED: Final = Kind("sessions.ended", ("ended",))
INVITATION_CLAIMED: Final = Kind("invitation.claimed")

PASSKEY_ADDED: Final = Kind("passkey.added")
PASSKEY_CLOSED: Final = Kind("passkey.closed", ("passkey_id",), is_alarm=True, logged_as="passkey.clone_suspected")
PASSKEY_REMOVED: Final = Kind("passkey.removed")
GENERATOR_ADDED: Final = Kind("generator.added")
GENERATOR_REMOVED: Final = Kind("generator.removed")
RECOVERY_CODES_MADE: Final = Kind("recovery_codes.made")
PASSWORD_CHANGED: Final = Kind("password.changed")
SHARING_ENDED: Final = Kind("sharing.ended")
PAYMENTS_ENDED: Final = Kind("payments.ended")

CONSENT_GIVEN: Final = Kind("consent.given", ("consent_id", "scope", "authorization_details"))
CONSENT_DENIED: Final = Kind("consent.denied")
PAYMENT_APPROVED: Final = Kind("payment.approved", _APPROVAL)
PAYMENT_APPROVAL_FAILED: Final = Kind("payment.approval_failed", _FAILURE)
PAYMENT_DENIED: Final = Kind("payment.denied")
PAYMENT_VOIDED: Final = Kind("payment.voided", ("reason",))

AUTHORIZATION_GRANTED: Final = Kind("authorization.granted")
AUTHORIZATION_REFUSED: Final = Kind("authorization.refused", ("error",))
AUTHORIZATION_PAGE_REFUSED: Final = Kind("authorization.page_refused", _REFUSAL)

TOKEN_ISSUED: Final = Kind("token.issued")
TOKEN_REVOKED: Final = Kind("token.revoked")
CODE_REPLAYED: Final = Kind("code.replayed", is_alarm=True)
REFRESH_REUSE_DETECTED: Final = Kind("refresh.reuse_detected", is_alarm=True)
CLIENT_AUTHENTICATION_FAILED: Final = Kind("client.authentication_failed", ("claimed_client_id", "reason"))

CLIENT_CERTIFICATE_DROPPED: Final = Kind("client_certificate.dropped", ("reason",), is_alarm=True)
JWKS_FETCH_FAILED: Final = Kind("jwks.fetch_failed", ("reason",), is_alarm=True)
LIMITS_STORAGE_FAILED: Final = Kind("limits.storage_failed", ("exception",), is_alarm=True)
NOTICE_FAILED: Final = Kind("notice.failed", ("notice", "error"))
NOTICE_GIVEN_UP: Final = Kind("notice.given_up", ("notice", "error"), is_alarm=True)
NOTICE_SENDER_FAILED: Final = Kind("notice.sender_failed", ("notice", "error"), is_alarm=True)
NOTICES_BEHIND: Final = Kind("notices.behind", ("seconds",), is_alarm=True)

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in list(globals().values()) if isinstance(kind, Kind)}
"""Each kind by its name."""
