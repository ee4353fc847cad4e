"""A notice as a letter, in its person's language: what happened, when, and what to do if it was not them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import Message as Letter
from email.mime.text import MIMEText
from email.utils import format_datetime
from gettext import NullTranslations
from typing import Final

from authserver.events.catalogue import KINDS, PASSKEY_CLOSED
from authserver.messages import Message
from authserver.notices import model
from authserver.notices.model import Notice, Sender
from authserver.protocol.mail_address import is_mail_address
from authserver.web.pages.formats import long_time
from authserver.web.pages.i18n import read_texts

_MORE_CHANGES: Final = Message("There were more changes to your account than we send letters about")
_ANYTHING_ELSE: Final = Message("Something changed in your account")
_NAMED: Final = Message("Name: %(name)s")
_COUNTED: Final = Message("How many more: %(name)s. Your account lists each of them under Activity.")
_AT_HELP: Final = Message("You can get help here:")
_OF_US: Final = Message("Need help? Contact %(name)s.")


_UTF_8: Final = Charset("utf-8")
_UTF_8.body_encoding = QP  # so that a letter in a folder can be read


def write_letter(notice: Notice, sender: Sender) -> Letter:
    """Return the letter; names that people chose stand in its text alone, never in a header.

    It is not an `EmailMessage`, since Python's folds two words with accents into one (3.11.7: `a étéutilisé`).

    Spec: ASVS5-6.3.7
    """
    texts = read_texts(notice.language)
    subject = texts.gettext(_subject_of(notice.name))
    text = "\n\n".join(_paragraphs(subject, notice, sender, texts)) + "\n"
    return _letter(subject, text, notice, sender)


def write_invitation(notice: Notice, link: str, until: int, sender: Sender) -> Letter:
    """Return the letter that brings a person their invitation; whoever reads it can use the link."""
    texts = read_texts(notice.language)
    site = _one_line(sender.site_name)
    asked = texts.gettext(Message("Set up how you sign in with this link. It works once:"))
    paragraphs = (
        texts.gettext(Message("Hello %(name)s,")) % {"name": _one_line(notice.username)},
        f"{asked}\n{link}",
        texts.gettext(Message("It works until: %(time)s")) % {"time": long_time(until, notice.language)},
        texts.gettext(Message("Do not pass it on: until you have used it, anyone who has it can open your account.")),
        texts.gettext(_OF_US) % {"name": site},
        site,
    )
    subject = texts.gettext(Message("Your invitation"))
    return _letter(subject, "\n\n".join(paragraphs) + "\n", notice, sender)


def _subject_of(name: str) -> Message:
    if name == model.MORE_CHANGES:
        return _MORE_CHANGES
    kind = KINDS.get(name)
    return (kind.letter if kind is not None else None) or _ANYTHING_ELSE


def _letter(subject: str, text: str, notice: Notice, sender: Sender) -> Letter:
    letter = MIMEText(text, "plain", _UTF_8)  # type: ignore[arg-type]  # documented to take a Charset
    letter["Subject"] = Header(f"{_one_line(sender.site_name)}: {subject}", header_name="Subject").encode()
    letter["From"] = sender.address
    if is_mail_address(notice.address):
        letter["To"] = notice.address
    letter["Date"] = format_datetime(datetime.fromtimestamp(notice.at, UTC))
    letter["Content-Language"] = notice.language
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday reply comes back
    return letter


def _paragraphs(subject: str, notice: Notice, sender: Sender, texts: NullTranslations) -> Iterator[str]:
    site = _one_line(sender.site_name)
    yield texts.gettext(Message("Hello %(name)s,")) % {"name": _one_line(notice.username)}
    label = _COUNTED if notice.name == model.MORE_CHANGES else _NAMED
    named = [texts.gettext(label) % {"name": _one_line(notice.detail)}] if notice.detail else []
    when = texts.gettext(Message("Time: %(time)s")) % {"time": long_time(notice.at, notice.language)}
    yield "\n".join((f"{subject}.", *named, when))
    if notice.name == PASSKEY_CLOSED.name:
        advice = Message("Nobody can sign in with it any more. Remove it and add a new one in your account:")
    else:
        yield texts.gettext(Message("If you did this or asked for it, there is nothing to do."))
        advice = Message(
            "If not, someone else may be using your account. Sign out every other browser and change your password in "
            "your account:"
        )
    yield f"{texts.gettext(advice)}\n{sender.account_url}"
    if sender.help_url:
        yield f"{texts.gettext(_AT_HELP)}\n{sender.help_url}"
    else:
        yield texts.gettext(_OF_US) % {"name": site}
    yield texts.gettext(Message("We never ask you for a password or a code by email."))
    yield site


def _one_line(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
