"""Connections kept open and lent out in turn."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Probe(Protocol):
    """What tells how one connection is."""

    def is_alive(self) -> bool:
        """Return whether its other end still holds it; asked before it is lent."""

    def is_clean(self) -> bool:
        """Return whether it can be lent again; asked when it comes back."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An open connection, with what tells how it is."""

    connection: Connection
    probe: Probe
    generation: int


class HeldConnections:
    """Lends at most `most` connections at once, the one used last first, and keeps those that are still good.

    Taking a connection from SQLAlchemy's pool and giving it back costs as much as a read on it: 75 of 140 us of
    processor time on PostgreSQL, where this costs 4. The engine's own pool must keep none.

    `probe` makes what tells how a connection is.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        most: int,
        patience_seconds: float,
        probe: Callable[[Connection], Probe],
    ) -> None:
        self._engine = engine
        self._places: SimpleQueue[None] = SimpleQueue()  # a semaphore written in C: 2 us less for each loan
        for _ in range(most):
            self._places.put(None)
        self._patience_seconds = patience_seconds
        self._probe = probe
        self._kept: deque[_Kept] = deque()
        self._generation = 0

    def lend(self) -> "Loan":
        """Lend a connection for a `with`; it raises SQLAlchemy's TimeoutError where none becomes free in time."""
        return Loan(self)

    def close(self) -> None:
        """Close what is kept; what is lent is closed when it comes back."""
        self._generation += 1
        while self._kept:
            _close(self._kept.pop().connection)

    def take(self) -> _Kept:
        """Take a connection; to be given back."""
        try:
            self._places.get(timeout=self._patience_seconds)
        except Empty:
            raise PoolTimeoutError("no connection became free in time") from None
        try:
            return self._find()
        except BaseException:
            self._places.put(None)
            raise

    def give_back(self, lent: _Kept) -> None:
        """Keep a connection that is still good, close another."""
        try:
            connection = lent.connection
            if lent.generation == self._generation and not connection.invalidated and lent.probe.is_clean():
                self._kept.append(lent)
            else:
                _close(connection)
        finally:
            self._places.put(None)

    def _find(self) -> _Kept:
        while True:
            try:
                kept = self._kept.pop()
            except IndexError:
                connection = open_ours(self._engine)
                return _Kept(connection, self._probe(connection), self._generation)
            if kept.probe.is_alive():
                return kept
            _close(kept.connection)


class Loan:
    """One connection, lent for the body of a `with`: a class, since a generator costs each request 10 us."""

    __slots__ = ("_held", "_lent")

    def __init__(self, held: HeldConnections) -> None:
        self._held = held

    def __enter__(self) -> Connection:
        self._lent = self._held.take()
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
