"""Connections kept open and lent out in turn."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class HeldConnections:
    """Lends at most `most` connections at once, the one used last first, and keeps those that are still good.

    Taking a connection from SQLAlchemy's pool and giving it back costs as much as a read on it: 75 of 140 us of
    processor time on PostgreSQL, where this costs 4. The engine's own pool must keep none.

    `is_alive` is asked before a kept connection is lent, `is_clean` when it comes back.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        most: int,
        patience_seconds: float,
        is_alive: Callable[[Connection], bool],
        is_clean: Callable[[Connection], bool],
    ) -> None:
        self._engine = engine
        self._places = threading.Semaphore(most)
        self._patience_seconds = patience_seconds
        self._is_alive = is_alive
        self._is_clean = is_clean
        self._kept: deque[tuple[int, Connection]] = deque()
        self._generation = 0

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """Lend a connection; raises SQLAlchemy's TimeoutError where none becomes free in time."""
        if not self._places.acquire(timeout=self._patience_seconds):
            raise PoolTimeoutError("no connection became free in time")
        try:
            generation, connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(generation, connection)
        finally:
            self._places.release()

    def close(self) -> None:
        """Close what is kept; what is lent is closed when it comes back."""
        self._generation += 1
        while self._kept:
            _close(self._kept.pop()[1])

    def _take(self) -> tuple[int, Connection]:
        while True:
            try:
                kept = self._kept.pop()
            except IndexError:
                return self._generation, open_ours(self._engine)
            if self._is_alive(kept[1]):
                return kept
            _close(kept[1])

    def _give_back(self, generation: int, connection: Connection) -> None:
        if generation == self._generation and not connection.invalidated and self._is_clean(connection):
            self._kept.append((generation, connection))
        else:
            _close(connection)


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
