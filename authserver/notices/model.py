"""A notice, and what takes it."""

from collections.abc import Mapping

from authserver.messages import ENGLISH
from authserver.values import Value
from authserver.web.pages.i18n import current_language, first_spoken

INVITATION_SENT = "invitation.sent"
MORE_CHANGES = "account.more_changes"
"""Stands for several changes, whose number is its detail, where more happened than anyone reads letters of."""


class Notice(Value, frozen=True):
    """What happened to whose account, and when; `address` is empty for a person without an email address.

    `name` is that of a kind of event, or one of this module's; `detail` is the name of a thing, such as a passkey's;
    `language` is the one to write in.
    """

    name: str
    username: str
    address: str
    at: int
    detail: str = ""
    language: str = ENGLISH


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


class Sender(Value, frozen=True):
    """Who the letters are from: the deployment's name and address, where a person's account is, and where help is."""

    site_name: str
    address: str
    account_url: str
    help_url: str = ""
