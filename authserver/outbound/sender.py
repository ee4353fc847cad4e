"""The queue of letters, and what empties it."""

from collections.abc import Callable, Mapping, Sequence

from authserver.clock import Clock
from authserver.db.engine import Connection, Database
from authserver.events.catalogue import NOTICE_FAILED, NOTICE_GIVEN_UP, NOTICE_SENDER_FAILED, NOTICES_BEHIND
from authserver.events.model import EventSink
from authserver.outbound import store
from authserver.outbound.model import MOST_ATTEMPTS, WaitingLetter, delay_after
from authserver.outbound.queue_worker import BEHIND_SECONDS, LEASE_SECONDS, QueueWorker, Sending
from authserver.values import replace

__all__ = ["BEHIND_SECONDS", "LEASE_SECONDS", "Deliver", "DeliveryWorker"]

Deliver = Callable[[WaitingLetter], None]
"""Sends one letter; raises one of the errors that `DeliveryWorker` expects where it could not."""


class _Letters:
    """The table `letters` as a queue."""

    most_attempts = MOST_ATTEMPTS

    def delay_after(self, attempts: int) -> int | None:
        return delay_after(attempts)

    def claimed(self, found: WaitingLetter, until: int) -> WaitingLetter:
        return replace(found, attempts=found.attempts + 1, due_at=until)

    def find_due(self, connection: Connection, now: int, most: int) -> Sequence[WaitingLetter]:
        return store.find_due(connection, now, most)

    def claim(self, connection: Connection, found: WaitingLetter, until: int) -> bool:
        return store.claim(connection, found, until)

    def postpone(self, connection: Connection, claimed: WaitingLetter, until: int) -> bool:
        return store.postpone(connection, claimed, until)

    def give_up(self, connection: Connection, claimed: WaitingLetter, until: int) -> bool:
        return store.give_up(connection, claimed, until)

    def remove_sent(self, connection: Connection, claimed: WaitingLetter) -> None:
        store.remove_sent(connection, claimed)

    def describe(self, waiting: WaitingLetter) -> tuple[str, str, Mapping[str, str]]:
        return waiting.account_id, "", {"notice": waiting.name}


class DeliveryWorker(QueueWorker[WaitingLetter]):
    """Sends each letter once, tries again what failed, and says when it gives up or falls behind."""

    def __init__(
        self,
        database: Database,
        deliver: Deliver,
        failures: tuple[type[Exception], ...],
        events: EventSink,
        clock: Clock,
    ) -> None:
        sending = Sending(failures, NOTICE_FAILED, NOTICE_GIVEN_UP, NOTICE_SENDER_FAILED, NOTICES_BEHIND)
        super().__init__(database, _Letters(), deliver, sending, events, clock)

    def queue(self, connection: Connection, letter: WaitingLetter, summary_name: str) -> None:
        """Queue a letter in the transaction of what it tells of; see `store.add`."""
        store.add(connection, letter, summary_name)
        self.wake()

    def send_to(self, account_id: str, now: int) -> bool:
        """Try what is due to one person, and return whether all of it has left; what has not is tried again later."""
        with self._database.read() as connection:
            waiting = store.find_of(connection, account_id)
        for letter in waiting:
            if letter.due_at <= now:
                self._try(letter, now)
        with self._database.read() as connection:
            return not any(letter.attempts for letter in store.find_of(connection, account_id))
