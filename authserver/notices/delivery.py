"""From a notice to the queue, and from the queue to a letter."""

from collections.abc import Callable, Mapping
from smtplib import SMTPException
from typing import Final

from authserver.db.engine import Connection
from authserver.events.catalogue import EMAIL_CHANGED
from authserver.events.model import Event
from authserver.notices.channels import Channel
from authserver.notices.model import MORE_CHANGES, Sender, notice_for
from authserver.notices.words import write_letter
from authserver.outbound.model import WaitingLetter
from authserver.outbound.sender import DeliveryWorker as QueueSender
from authserver.outbound.store import new_letter
from authserver.values import Assembly, replace
from authserver.web.pages.i18n import current_language

FAILURES: Final[tuple[type[Exception], ...]] = (OSError, SMTPException, ValueError)
"""What a channel raises where a letter could not leave."""

_LONGEST_DETAIL: Final = 200

FindPerson = Callable[[str], tuple[str, Mapping[str, object]] | None]
"""Returns the username and the claims of an account, or None where it is gone."""


def queue_letter(queue: QueueSender, connection: Connection, event: Event) -> None:
    """Queue the letter of an event in the transaction of the act that it tells of.

    Spec: ASVS5-6.3.7
    """
    named = (event.letter_name or event.thing)[:_LONGEST_DETAIL]
    letter = new_letter(event.subject, event.kind.name, named, current_language(), event.at)
    queue.queue(connection, letter, MORE_CHANGES)


class Delivery(Assembly, frozen=True):
    """Writes a waiting letter, to the address that its person has by then, and hands it to a channel."""

    channel: Channel
    sender: Sender
    find_person: FindPerson

    def __call__(self, waiting: WaitingLetter) -> None:
        """Send it; the id is the same at each attempt, so that one that came twice can be told."""
        person = self.find_person(waiting.account_id)
        if person is None:  # the account was deleted: there is nobody to tell
            return
        detail = str(waiting.times) if waiting.name == MORE_CHANGES else waiting.detail
        notice = notice_for(waiting.name, *person, waiting.happened_at, detail, waiting.language)
        if waiting.name == EMAIL_CHANGED.name:  # told at the address before, its detail: the new one may be a thief's
            notice = replace(notice, address=detail, detail="")
        letter = write_letter(notice, self.sender)
        letter["Message-ID"] = f"<{waiting.letter_id}.{waiting.times}@{self.sender.address.rpartition('@')[2]}>"
        self.channel(letter)
