"""Connections kept open and lent out in turn."""

from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from time import monotonic
from types import TracebackType
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from authserver.db.connection_attempts import ConnectionAttempts
from authserver.values import Assembly

_ENOUGH_SECONDS = 1.0


class Probe(Protocol):
    """What tells how one connection is."""

    deadline: float
    """The moment of the monotonic clock, in seconds, at which whatever is waited for on it ends."""

    def is_alive(self) -> bool:
        """Return whether its other end still holds it; asked before it is lent."""

    def is_clean(self) -> bool:
        """Return whether it can be lent again, as none can that was closed meanwhile; asked when it comes back."""


class _Kept(Assembly, frozen=True):
    """An open connection, with what tells how it is."""

    connection: Connection
    probe: Probe
    generation: int


class ConnectionPool:
    """Lends at most `most` connections at once, the one used last first, and keeps those that are still good.

    Where the database gives us fewer than that, those that find none wait for one to come back, first come, first
    served: what can be opened is shared by all, and nobody keeps what others wait for.

    Taking a connection from SQLAlchemy's pool and giving it back costs as much as a read on it: 75 of 140 us of
    processor time on PostgreSQL, where this costs 4. The engine's own pool must keep none.

    `probe` makes what tells how a connection is.
    """

    def __init__(self, engine: Engine, *, most: int, probe: Callable[[Connection], Probe]) -> None:
        self._engine = engine
        self._places: SimpleQueue[None] = SimpleQueue()  # a semaphore written in C: 2 us less for each loan
        for _ in range(most):
            self._places.put(None)
        self._most = most
        self._probe = probe
        self._kept: deque[_Kept] = deque()
        self._waiting: deque[SimpleQueue[_Kept | None]] = deque()
        self._no_more_until = 0.0
        self._generation = 0
        self._openings = ConnectionAttempts(self._open, self._keep_late)

    def lend(self, deadline: float) -> "BorrowedConnection":
        """Lend a connection for a `with`, on which nobody waits beyond the deadline; nor for it, nor for its opening.

        Entering raises SQLAlchemy's TimeoutError where none becomes free in time.
        """
        return BorrowedConnection(self, deadline)

    def close(self) -> None:
        """Close what is kept; what is lent is closed when it comes back."""
        self._generation += 1
        while self._kept:
            _close(self._kept.pop().connection)

    def take(self, deadline: float) -> _Kept:
        """Take a connection; to be given back."""
        try:
            self._places.get_nowait()
        except Empty:
            self._await_place(deadline)
        try:
            kept = self._find_kept() or self._open_or_wait(deadline)
        except BaseException:
            self._places.put(None)
            self._wake_first()  # who waited for ours, which there never was
            raise
        kept.probe.deadline = deadline
        return kept

    def _await_place(self, deadline: float) -> None:
        try:
            self._places.get(timeout=max(0.0, deadline - monotonic()))
        except Empty:
            raise PoolTimeoutError("no connection became free in time") from None

    def give_back(self, lent: _Kept) -> None:
        """Keep a connection that is still good, close another."""
        try:
            if lent.generation == self._generation and lent.probe.is_clean():
                self._keep(lent)
            else:
                _close(lent.connection)
                self._no_more_until = 0.0
        finally:
            self._places.put(None)
            if self._waiting and (
                self._kept or not self._no_more_until
            ):  # some came to wait in this very moment, or there is room for a new connection
                self._wake_first()

    def _keep(self, lent: _Kept) -> None:
        """Hand a connection to the first who waits, past any newcomer, or keep it."""
        if not self._waiting:  # as nearly always; who comes to wait in this very moment looks for what is kept
            self._kept.append(lent)
            return
        try:
            first = self._waiting.popleft()
        except IndexError:
            self._kept.append(lent)
        else:
            first.put(lent)

    def _keep_late(self, opened: _Kept) -> None:
        """Keep a connection whose opening outlasted everybody who waited for it."""
        if opened.generation != self._generation:
            _close(opened.connection)
            return
        self._keep(opened)
        if self._waiting:
            self._wake_first()

    def _find_kept(self) -> _Kept | None:
        while self._kept:
            try:
                kept = self._kept.pop()
            except IndexError:
                return None
            if kept.probe.is_alive():
                return kept
            _close(kept.connection)
        return None

    def _open_or_wait(self, deadline: float) -> _Kept:
        """Open a connection; where that fails while others are lent, wait for one of those."""
        while True:
            if monotonic() >= self._no_more_until or not self._are_others_lent():
                try:
                    return self._openings.open(deadline)
                except SQLAlchemyError:
                    if not self._are_others_lent() or monotonic() >= deadline:
                        raise
                    # Each further attempt would cost the database a process, only to be refused.
                    self._no_more_until = monotonic() + _ENOUGH_SECONDS
            kept = self._wait_for_one(deadline)
            if kept is not None:
                return kept

    def _open(self) -> _Kept:
        generation = self._generation  # of its beginning: what was closed meanwhile is not kept
        connection = open_ours(self._engine)
        return _Kept(connection, self._probe(connection), generation)

    def _are_others_lent(self) -> bool:
        return self._most - self._places.qsize() - len(self._waiting) > 1

    def _wait_for_one(self, deadline: float) -> _Kept | None:
        """Wait until somebody gives a connection back; return it, or None where it was one to be closed."""
        mine: SimpleQueue[_Kept | None] = SimpleQueue()
        self._waiting.append(mine)
        if self._kept:  # given back before we stood in the queue
            self._wake_first()
        try:
            return mine.get(timeout=max(0.0, deadline - monotonic()))
        except Empty:
            return self._leave_queue(mine)

    def _leave_queue(self, mine: "SimpleQueue[_Kept | None]") -> _Kept | None:
        try:
            self._waiting.remove(mine)
        except ValueError:  # handed over in that very moment
            return mine.get()
        raise PoolTimeoutError("no connection became free in time")

    def _wake_first(self) -> None:
        """Hand the first who waits a connection that is kept, or word that there may be room for a new one."""
        try:
            first = self._waiting.popleft()
        except IndexError:
            return
        first.put(self._find_kept())


class BorrowedConnection:
    """One connection, lent for the body of a `with`: a class, since a generator costs each request 10 us."""

    __slots__ = ("_deadline", "_held", "_lent")

    def __init__(self, held: ConnectionPool, deadline: float) -> None:
        self._held = held
        self._deadline = deadline

    def __enter__(self) -> Connection:
        self._lent = self._held.take(self._deadline)
        return self._lent.connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.give_back(self._lent)


def open_ours(engine: Engine) -> Connection:
    """Open a connection of an AUTOCOMMIT engine whose transactions are told to the driver, by us.

    SQLAlchemy is left in the belief of one that never ends, so that neither it nor Alembic commits anything in between.
    """
    connection = engine.connect()
    connection.begin()
    return connection


def _close(connection: Connection) -> None:
    connection.invalidate()
    connection.close()
