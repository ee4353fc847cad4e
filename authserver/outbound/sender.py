"""The thread of a worker that sends what is due; any number of workers and nodes share the queue."""

import threading
from collections.abc import Callable
from typing import Final

from authserver.clock import Clock
from authserver.db.engine import Connection, Database
from authserver.events.catalogue import NOTICE_FAILED, NOTICE_GIVEN_UP, NOTICE_SENDER_FAILED, NOTICES_BEHIND
from authserver.events.model import Event, EventSink
from authserver.outbound import store
from authserver.outbound.model import MOST_ATTEMPTS, WaitingLetter, delay_after
from authserver.protocol.errors import OAuthError
from authserver.values import replace

LEASE_SECONDS: Final = 300
"""How long one attempt may take; a letter whose worker died in it is due again then."""

BEHIND_SECONDS: Final = 900
"""A letter that is tried this long after what it tells of raises an alarm."""

_KEPT_SECONDS: Final = 30 * 86_400
_BATCH: Final = 16
_POLL_SECONDS: Final = 15.0
_SETTLE_SECONDS: Final = 0.25  # after it was woken: the transaction that queued the letter is about to commit
_SECONDS_BETWEEN_ALARMS: Final = 300

Deliver = Callable[[WaitingLetter], None]
"""Sends one letter; raises one of the errors that `DeliveryWorker` expects where it could not."""


class DeliveryWorker:
    """Sends each letter once, tries again what failed, and says when it gives up or falls behind.

    Sent and then not noted, since the process died just between, is sent again: no letter is lost for that.
    """

    def __init__(
        self,
        database: Database,
        deliver: Deliver,
        failures: tuple[type[Exception], ...],
        events: EventSink,
        clock: Clock,
    ) -> None:
        self._database, self._deliver, self._failures = database, deliver, failures
        self._events, self._clock = events, clock
        self._news = threading.Event()
        self._next_alarm_at = 0

    def queue(self, connection: Connection, letter: WaitingLetter, summary_name: str) -> None:
        """Queue a letter in the transaction of what it tells of; see `store.add`."""
        store.add(connection, letter, summary_name)
        self._news.set()

    def start(self) -> None:
        """Start the thread; once in each process, after it was forked."""
        threading.Thread(target=self._run, name="outbound", daemon=True).start()

    def send_due(self, now: int) -> int:
        """Try every letter of a batch that is due, and return how many were tried here."""
        with self._database.read() as connection:
            due = store.find_due(connection, now, _BATCH)
        return sum(self._try(letter, now) for letter in due)

    def send_to(self, account_id: str, now: int) -> bool:
        """Try what is due to one person, and return whether all of it has left; what has not is tried again later."""
        with self._database.read() as connection:
            waiting = store.find_of(connection, account_id)
        for letter in waiting:
            if letter.due_at <= now:
                self._try(letter, now)
        with self._database.read() as connection:
            return not any(letter.attempts for letter in store.find_of(connection, account_id))

    def _run(self) -> None:
        while True:
            try:
                tried = self.send_due(self._clock())
            except OAuthError:  # the database is away, and whoever needs it says so
                tried = 0
            except Exception as error:  # noqa: BLE001 - a thread that ends would end all letters without a word
                detail = {"error": type(error).__name__}
                self._events(Event(NOTICE_SENDER_FAILED, self._clock(), detail=detail))
                tried = 0
            if not tried and self._news.wait(_POLL_SECONDS):
                self._news.clear()
                threading.Event().wait(_SETTLE_SECONDS)

    def _try(self, found: WaitingLetter, now: int) -> bool:
        """Claim a letter and send it: another worker that found it too does not have it then.

        The time of an attempt counts from here: those before it in the batch may have taken longer than that.
        """
        now = max(now, self._clock())
        if found.attempts >= MOST_ATTEMPTS:  # every attempt began and none ended: a letter may take its worker with it
            self._failed(found, "unfinished")
            return True
        letter = replace(found, attempts=found.attempts + 1, due_at=now + LEASE_SECONDS)
        with self._database.single() as connection:
            if not store.claim(connection, found, letter.due_at):
                return False
        self._watch(letter, now)
        try:
            self._deliver(letter)
        except Exception as error:  # noqa: BLE001 - whatever it is, this letter waits, and the others go on
            self._failed(letter, type(error).__name__, is_fault=not isinstance(error, (*self._failures, OAuthError)))
            return True
        with self._database.transaction() as connection:
            store.remove_sent(connection, letter)
        return True

    def _failed(self, letter: WaitingLetter, error: str, *, is_fault: bool = False) -> None:
        """Let a letter wait for its next attempt, or give it up after its last; say so once that is stored."""
        now, delay = self._clock(), delay_after(letter.attempts)
        with self._database.single() as connection:
            if delay is None:
                is_ours = store.give_up(connection, letter, now + _KEPT_SECONDS)
            else:
                is_ours = store.postpone(connection, letter, now + delay)
        if not is_ours:  # it took so long that another worker has the letter, and tells what becomes of it
            return
        detail, account_id = {"notice": letter.name, "error": error}, letter.account_id
        if delay is None:
            self._events(Event(NOTICE_GIVEN_UP, now, subject=account_id, detail=detail))
        elif is_fault:
            self._events(Event(NOTICE_SENDER_FAILED, now, subject=account_id, detail=detail))
        else:
            self._events(Event(NOTICE_FAILED, now, subject=account_id, detail=detail))

    def _watch(self, letter: WaitingLetter, now: int) -> None:
        """Raise an alarm, every few minutes at most, where people are told late."""
        late = now - letter.happened_at
        if late >= BEHIND_SECONDS and not 0 < self._next_alarm_at - now <= _SECONDS_BETWEEN_ALARMS:
            self._next_alarm_at = now + _SECONDS_BETWEEN_ALARMS
            self._events(Event(NOTICES_BEHIND, now, detail={"seconds": str(late)}))
