"""What a person did and what was done to their account, kept for them to read.

Apart from `events`, which are the operator's: an activity belongs to one account and says nothing that the person may
not see.
"""

import secrets
from typing import Final

from authserver.accounts.store import activities
from authserver.accounts.store.activities import ActivityRow
from authserver.accounts.store.people import Connection
from authserver.db.at_once import Row, add_row

KEPT_SECONDS: Final = 365 * 24 * 60 * 60
"""For how long an activity is kept."""

SIGNED_IN: Final = "signed_in"
SECOND_FACTOR_GIVEN: Final = "second_factor_given"
SIGNED_OUT: Final = "signed_out"
SESSIONS_ENDED: Final = "sessions_ended"
CONSENT_GIVEN: Final = "consent_given"
SHARING_ENDED: Final = "sharing_ended"
PAYMENTS_ENDED: Final = "payments_ended"
PAYMENT_APPROVED: Final = "payment_approved"
PAYMENT_SHOWN: Final = "payment_shown"
PAYMENT_CANCELLED: Final = "payment_cancelled"
LIMITS_APPROVED: Final = "limits_approved"
PASSKEY_ADDED: Final = "passkey_added"
PASSKEY_RENAMED: Final = "passkey_renamed"
PASSKEY_REMOVED: Final = "passkey_removed"
PASSKEY_CLOSED: Final = "passkey_closed"
GENERATOR_ADDED: Final = "generator_added"
GENERATOR_REMOVED: Final = "generator_removed"
RECOVERY_CODES_MADE: Final = "recovery_codes_made"
RECOVERY_CODE_USED: Final = "recovery_code_used"
FACTORS_RESET: Final = "factors_reset"
PASSWORD_CHANGED: Final = "password_changed"  # noqa: S105 - an activity's name
INVITATION_CLAIMED: Final = "invitation_claimed"
EMAIL_CHANGED: Final = "email_changed"
DATA_DOWNLOADED: Final = "data_downloaded"

_RANDOM_BYTES: Final = 32
_LONGEST_DETAIL: Final = 200


def note(
    connection: Connection,
    account_id: str,
    name: str,
    now: int,
    client_id: str | None = None,
    detail: str | None = None,
) -> None:
    """Note an activity in the transaction of the act it tells of; the rest is as for `activity_row`."""
    add_row(connection, activity_row(account_id, name, now, client_id, detail))


def activity_row(account_id: str, name: str, now: int, client_id: str | None = None, detail: str | None = None) -> Row:
    """Return the row of an activity, to be written with the act it tells of and kept for a year.

    `name` is one of this module's; `detail` is the short name of a thing, never a secret.

    Spec: ASVS5-16.2.1
    """
    activity = ActivityRow(
        activity_id=secrets.token_urlsafe(_RANDOM_BYTES),
        account_id=account_id,
        name=name,
        happened_at=now,
        client_id=client_id,
        detail=(detail or "")[:_LONGEST_DETAIL],
        expires_at=now + KEPT_SECONDS,
    )
    return activities.as_row(activity)
