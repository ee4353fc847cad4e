"""A notice as a letter: what happened, when, and what to do if it was not you."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Final

from authserver.notices import model
from authserver.notices.model import Notice, Sender

_SUBJECTS: Final[Mapping[str, str]] = {
    model.PASSKEY_ADDED: "A passkey was added to your account",
    model.PASSKEY_CLOSED: "A passkey of your account was closed, since there may be a copy of it",
    model.PASSKEY_REMOVED: "A passkey was removed from your account",
    model.GENERATOR_ADDED: "An authenticator app was added to your account",
    model.GENERATOR_REMOVED: "The authenticator app was removed from your account",
    model.RECOVERY_CODES_MADE: "New recovery codes were made for your account",
    model.RECOVERY_CODE_USED: "A recovery code was used to sign in",
    model.FACTORS_RESET: "The second factors of your account were removed",
    model.PASSWORD_CHANGED: "Your password was changed",
    model.INVITATION_CLAIMED: "An invitation to your account was used",
    model.SHARING_ENDED: "You stopped sharing data with an app",
}
_ANYTHING_ELSE: Final = "Something changed in your account"


def write_letter(notice: Notice, sender: Sender) -> EmailMessage:
    """Return the letter; names that people chose stand in its text alone, never in a header.

    Spec: ASVS5-6.3.7
    """
    subject = _SUBJECTS.get(notice.name, _ANYTHING_ELSE)
    letter = EmailMessage()
    letter["Subject"] = f"{_one_line(sender.site_name)}: {subject}"
    letter["From"] = sender.address
    if is_address(notice.address):
        letter["To"] = notice.address
    letter["Date"] = datetime.fromtimestamp(notice.at, UTC)
    letter.set_content(_text(subject, notice, sender))
    return letter


def is_address(text: str) -> bool:
    """Answer whether a text can stand in a letter's To: one plain address, on one line."""
    local_part, _, domain = text.rpartition("@")
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' ,;:<>()[]"\\')
    return bool(local_part and domain) and is_plain


def _text(subject: str, notice: Notice, sender: Sender) -> str:
    day = datetime.fromtimestamp(notice.at, UTC)
    lines = [
        f"Hello {_one_line(notice.username)},",
        "",
        f"{subject}." + (f" Its name is “{_one_line(notice.detail)}”." if notice.detail else ""),
        f"This was on {day.day} {day:%B} {day.year} at {day:%H:%M} UTC.",
        "",
        "If this was you, there is nothing to do.",
        "If it was not you, someone else may use your account. Sign out every other browser and change your password"
        + (f" at {sender.account_url}," if sender.account_url else ",")
        + " then ask for help"
        + (f" at {sender.help_url}." if sender.help_url else "."),
        "",
        "We never ask you for a password or a code by email.",
        "",
        _one_line(sender.site_name),
    ]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
