"""One connection to PostgreSQL on which nobody waits without end, and which of its errors only another one can mend."""

import select
from contextlib import suppress
from socket import SHUT_RDWR, fromfd
from time import monotonic
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

# SQLSTATE classes of errors that are the statement's own, or pass on the same connection: cardinality, data, integrity,
# transaction rolled back, syntax and access, limits, objects in use.
_CONNECTION_STAYS = frozenset({"21", "22", "23", "40", "42", "54", "55"})
_CANCELLED = "57014"
_PREPARED_TWICE = "42P05"
_IDLE = int(TransactionStatus.IDLE)

OUTDATED = frozenset({"26000", "0A000", _PREPARED_TWICE})
"""A prepared statement is gone, no longer fits its table, or is another's by its name: a new connection has its own."""


def ends_connection(error: psycopg.Error) -> bool:
    """Tell whether the connection is worth nothing after this error.

    That is so unless the error is known to be the statement's: a server that has turned read-only, or is a standby
    now, would else be asked by this connection for ever.
    """
    state = error.sqlstate or ""
    if state in OUTDATED:
        return True
    return state[:2] not in _CONNECTION_STAYS and state != _CANCELLED


class DeadlineExceeded(psycopg.OperationalError):
    """PostgreSQL did not answer before the connection's deadline."""


class BoundedConnection(psycopg.Connection[Any]):
    """A connection with a deadline: a wait that meets it closes the connection and raises DeadlineExceeded.

    The bound is ours alone. PostgreSQL's `statement_timeout` does not count while a commit waits for a synchronous
    standby, nor in a server that is stopped, and a pooler may throw it away. Nor is such a wait cancelled: PostgreSQL
    would report the write as done, with a warning.
    """

    deadline = 0.0
    """When waiting ends, by the monotonic clock, in seconds; set anew by whoever borrows the connection."""

    is_pooled = False
    """Whether a pooler stands between, so that statements are prepared by nobody: each might meet another session."""

    _poll: Any = None

    def await_result(self) -> PGresult:
        """Return the last result of what was sent; raises psycopg's errors."""
        pgconn = self.pgconn
        poll = self._poll or self._reading()
        while pgconn.flush():
            self._await_room()
        result: PGresult | None = None
        while True:
            while pgconn.is_busy():
                left = self.deadline - monotonic()
                if not poll(left * 1000 if left > 0 else 0):
                    self._give_up()
                pgconn.consume_input()
            latest = pgconn.get_result()
            if latest is None:
                break
            result = latest  # an error of the commit comes after the result of the statement
        if result is None:
            raise psycopg.OperationalError("the connection was lost")
        return result

    def wait(self, gen: PQGen[Any], interval: float = 0.0, timeout: float | None = None) -> Any:  # noqa: ANN401, ARG002 - psycopg's signature
        """Wait as psycopg's own cursors do, until the deadline."""
        poller = select.poll()
        try:
            wanted = next(gen)
            poller.register(self.pgconn.socket)
            while True:
                poller.modify(self.pgconn.socket, _events(wanted))
                found = poller.poll(self._milliseconds_left())
                if not found:
                    self._give_up()
                wanted = gen.send(_ready(found[0][1], wanted))
        except StopIteration as end:
            return end.value

    def is_alive(self) -> bool:
        """Return whether the server still holds the connection, which was idle.

        An idle connection has nothing to say, so a readable socket means its end. Looking costs a microsecond, where
        `pool_pre_ping` would add a round trip to every request.
        """
        return not (self._poll or self._reading())(0)

    def is_clean(self) -> bool:
        """Return whether it is open, and no transaction is."""
        return self.pgconn.transaction_status == _IDLE

    def _reading(self) -> Any:  # noqa: ANN401 - the bound method of a class that has no name outside C
        poller = select.poll()
        poller.register(self.pgconn.socket, select.POLLIN)
        self._poll = poller.poll
        return self._poll

    def _await_room(self) -> None:
        poller = select.poll()
        poller.register(self.pgconn.socket, select.POLLIN | select.POLLOUT)
        found = poller.poll(self._milliseconds_left())
        if not found:
            self._give_up()
        if found[0][1] & select.POLLIN:
            self.pgconn.consume_input()

    def _milliseconds_left(self) -> float:
        return max(0.0, (self.deadline - monotonic()) * 1000)

    def _give_up(self) -> None:
        """Close the connection and raise DeadlineExceeded."""
        # First the socket: libpq would take its leave of the server, and wait until there is room for that.
        with suppress(OSError), fromfd(self.pgconn.socket, 0, 0) as socket:
            socket.shutdown(SHUT_RDWR)
        self.pgconn.finish()
        raise DeadlineExceeded("PostgreSQL did not answer in time")


def _events(wanted: Wait) -> int:
    return (select.POLLIN if wanted & Wait.R else 0) | (select.POLLOUT if wanted & Wait.W else 0)


def _ready(found: int, wanted: Wait) -> Ready:
    """Return what psycopg is told; an error or a hang-up reads as whatever was waited for, which then fails."""
    ready = (Ready.R if found & select.POLLIN else Ready.NONE) | (Ready.W if found & select.POLLOUT else Ready.NONE)
    return Ready(ready or int(wanted))
