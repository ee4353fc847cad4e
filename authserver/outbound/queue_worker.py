"""The thread of a worker that sends what is due in a queue; any number of workers and nodes share a queue."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Generic, Protocol, TypeVar

from authserver.clock import Clock
from authserver.db.engine import Connection, Database
from authserver.events.model import Event, EventSink, Kind
from authserver.protocol.errors import OAuthError
from authserver.values import Value

LEASE_SECONDS: Final = 300
"""How long one attempt may take; what was claimed by a worker that died in it is due again then."""

BEHIND_SECONDS: Final = 900
"""What is tried this long after it happened raises an alarm."""

_KEPT_SECONDS: Final = 30 * 86_400
_BATCH: Final = 16
_SETTLE_SECONDS: Final = 0.25  # after it was woken: the transaction that queued something is about to commit
_SECONDS_BETWEEN_ALARMS: Final = 300
_SLOW_SECONDS: Final = 1.0  # after which the next are begun beside those that have not ended yet


class Waiting(Protocol):
    """What waits in a queue; `due_at` is when it is tried next, or until when whoever has claimed it may take."""

    @property
    def happened_at(self) -> int:
        """Return when that happened of which it tells."""

    @property
    def attempts(self) -> int:
        """Return how many attempts have begun."""

    @property
    def due_at(self) -> int:
        """Return when it is due."""


W = TypeVar("W", bound=Waiting)


class Queue(Protocol[W]):
    """The rows of one queue. Each statement finds a row as it was read, or does nothing: so one alone claims it."""

    most_attempts: int

    def delay_after(self, attempts: int) -> int | None:
        """Return after how many seconds to try again, or None after the last attempt."""

    def claimed(self, found: W, until: int) -> W:
        """Return what was found as it is once it is claimed."""

    def find_due(self, connection: Connection, now: int, most: int) -> Sequence[W]:
        """Return what is due."""

    def claim(self, connection: Connection, found: W, until: int) -> bool:
        """Take it for one attempt: true for exactly one of those who found it due."""

    def postpone(self, connection: Connection, claimed: W, until: int) -> bool:
        """Let it wait for another attempt; false where another worker has it by now."""

    def give_up(self, connection: Connection, claimed: W, until: int) -> bool:
        """Try it no more, and keep it until then; false where another worker has it by now."""

    def remove_sent(self, connection: Connection, claimed: W) -> None:
        """Remove what was sent."""

    def describe(self, waiting: W) -> tuple[str, str, Mapping[str, str]]:
        """Return the account, the client and the detail of each event about it."""


class Sending(Value, frozen=True):
    """How a queue is emptied: what its delivery may raise, and the kinds of events that tell how it goes.

    They are for what is tried again, given up, met a fault of ours, or goes out late. `threads` send at once; several
    share one connection to the database, since it is others that they wait for. At most `most_of_one_client` of them
    wait for any one client.
    """

    failures: tuple[type[Exception], ...]
    failed: Kind
    given_up: Kind
    fault: Kind
    behind: Kind
    threads: int = 1
    poll_seconds: float = 15.0
    most_of_one_client: int = 1


class QueueWorker(Generic[W]):
    """Sends each thing once, tries again what failed, and says when it gives up or falls behind.

    Sent and then not noted, since the process died just between, is sent again: nothing is lost for that.
    """

    def __init__(
        self,
        database: Database,
        queue: Queue[W],
        deliver: Callable[[W], None],
        sending: Sending,
        events: EventSink,
        clock: Clock,
    ) -> None:
        self._database, self._queue, self._deliver, self._sending = database, queue, deliver, sending
        self._events, self._clock = events, clock
        is_alone = sending.threads == 1
        self._pool = None if is_alone else ThreadPoolExecutor(sending.threads, thread_name_prefix="outbound")
        self._under_way: dict[Future[bool], str] = {}
        self._database_turn = threading.Lock()
        self._news = threading.Event()
        self._next_alarm_at = 0

    def wake(self) -> None:
        """Say that something may have been queued."""
        self._news.set()

    def start(self) -> None:
        """Start the thread; once in each process, after it was forked."""
        threading.Thread(target=self._run, name="outbound", daemon=True).start()

    def send_due(self, now: int) -> int:
        """Try what is due, a batch at most, and return how much was tried here and has ended."""
        most = _BATCH if self._pool is None else self._sending.threads - len(self._under_way)
        with self._database.read() as connection:
            due = self._queue.find_due(connection, now, most)
        if self._pool is None:
            return sum(self._try(found, now) for found in due)
        busy = Counter(self._under_way.values())
        for found in due:
            client_id = self._queue.describe(found)[1]
            if busy[client_id] < self._sending.most_of_one_client:
                busy[client_id] += 1
                self._under_way[self._pool.submit(self._try, found, now)] = client_id
        ended = wait(self._under_way, timeout=_SLOW_SECONDS).done
        for each in ended:
            del self._under_way[each]
        return sum(each.result() for each in ended)

    def _run(self) -> None:
        while True:
            try:
                tried = self.send_due(self._clock())
            except OAuthError:  # the database is away, and whoever needs it says so
                tried = 0
            except Exception as error:  # noqa: BLE001 - a thread that ends would end the queue without a word
                detail = {"error": type(error).__name__}
                self._events(Event(self._sending.fault, self._clock(), detail=detail))
                tried = 0
            if not tried and self._news.wait(self._sending.poll_seconds):
                self._news.clear()
                threading.Event().wait(_SETTLE_SECONDS)

    def _try(self, found: W, now: int) -> bool:
        """Claim what was found and send it: another worker that found it too does not have it then.

        The time of an attempt counts from here: those before it in the batch may have taken longer than that.
        """
        now = max(now, self._clock())
        if found.attempts >= self._queue.most_attempts:  # each began and none ended: it may take its worker with it
            self._failed(found, "unfinished")
            return True
        claimed = self._queue.claimed(found, now + LEASE_SECONDS)
        with self._database_turn, self._database.single() as connection:
            if not self._queue.claim(connection, found, claimed.due_at):
                return False
        self._watch(claimed, now)
        try:
            self._deliver(claimed)
        except Exception as error:  # noqa: BLE001 - whatever it is, this one waits, and the others go on
            is_fault = not isinstance(error, (*self._sending.failures, OAuthError))
            self._failed(claimed, type(error).__name__, is_fault=is_fault)
            return True
        with self._database_turn, self._database.transaction() as connection:
            self._queue.remove_sent(connection, claimed)
        return True

    def _failed(self, claimed: W, error: str, *, is_fault: bool = False) -> None:
        """Let it wait for its next attempt, or give it up after its last; say so once that is stored."""
        now, delay = self._clock(), self._queue.delay_after(claimed.attempts)
        with self._database_turn, self._database.transaction() as connection:
            if delay is None:
                is_ours = self._queue.give_up(connection, claimed, now + _KEPT_SECONDS)
            else:
                is_ours = self._queue.postpone(connection, claimed, now + delay)
        if not is_ours:  # it took so long that another worker has it, and tells what becomes of it
            return
        kind = self._sending.given_up if delay is None else self._sending.fault if is_fault else self._sending.failed
        account_id, client_id, detail = self._queue.describe(claimed)
        self._events(Event(kind, now, subject=account_id, client=client_id, detail={**detail, "error": error}))

    def _watch(self, claimed: W, now: int) -> None:
        """Raise an alarm, every few minutes at most, where things go out late."""
        late = now - claimed.happened_at
        if late >= BEHIND_SECONDS and not 0 < self._next_alarm_at - now <= _SECONDS_BETWEEN_ALARMS:
            self._next_alarm_at = now + _SECONDS_BETWEEN_ALARMS
            self._events(Event(self._sending.behind, now, detail={"seconds": str(late)}))
