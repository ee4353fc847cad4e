"""A notice, and what takes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from authserver.db.engine import Connection
from authserver.web.pages.i18n import ENGLISH, current_language, first_spoken

PASSKEY_ADDED = "passkey.added"
PASSKEY_CLOSED = "passkey.closed"
PASSKEY_REMOVED = "passkey.removed"
GENERATOR_ADDED = "generator.added"
GENERATOR_REMOVED = "generator.removed"
RECOVERY_CODES_MADE = "recovery_codes.made"
RECOVERY_CODE_USED = "recovery_code.used"
FACTORS_RESET = "factors.reset"
PASSWORD_CHANGED = "password.changed"  # noqa: S105 - a notice's name
INVITATION_CLAIMED = "invitation.claimed"
SHARING_ENDED = "sharing.ended"
PAYMENTS_ENDED = "payments.ended"
EMAIL_CHANGED = "email.changed"
INVITATION_SENT = "invitation.sent"
MORE_CHANGES = "account.more_changes"
"""Stands for several changes, whose number is its detail, where more happened than anyone reads letters of."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened to whose account, and when; `address` is empty for a person without an email address.

    `name` is one of this module's, or of an activity; `detail` is the name of a thing, such as a passkey's; `language`
    is the one to write in.
    """

    name: str
    username: str
    address: str
    at: int
    detail: str = ""
    language: str = ENGLISH


class Notifier(Protocol):
    """Queues a notice for the person of an account, in the transaction of the act that it tells of."""

    def __call__(self, connection: Connection, account_id: str, name: str, at: int, detail: str = "") -> None:
        """Queue it; the rest is as for `Notice`."""


def notice_for(
    name: str, username: str, claims: Mapping[str, object], at: int, detail: str = "", page_language: str = ""
) -> Notice:
    """Return the notice for a person, at the email address and in the language among their claims.

    Where no claim says a language of ours it is that of the page on which it happened, English where that was none.
    The claim comes first, since a stranger at work in the account would bring a browser that speaks their own.
    """
    address, locale = (value if isinstance(value, str) else "" for value in map(claims.get, ("email", "locale")))
    language = first_spoken((locale,)) or page_language or current_language()
    return Notice(name, username, address, at, detail, language)


def tell_nobody(connection: Connection, account_id: str, name: str, at: int, detail: str = "") -> None:
    """Queue nothing."""
    del connection, account_id, name, at, detail


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the letters are from: the deployment's name and address, where a person's account is, and where help is."""

    site_name: str
    address: str
    account_url: str
    help_url: str = ""
