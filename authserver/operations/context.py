"""One act under way: what it works with, and how it is told of."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

from authserver.db.engine import Connection, Database
from authserver.events.journal import Journal
from authserver.events.model import Actor, Event, Kind
from authserver.operations.acts import Act
from authserver.sealing.envelope import Envelope
from authserver.values import Assembly, Hidden, Value


def report_nothing(_table: str, _rows: int) -> None:
    """Take no note of how far an act is."""


class OperationRules(Value, frozen=True):
    """What the deployment lays down for operations; times in seconds.

    `takes_certificates`: our own TLS meets the clients, and must know their certificates before they speak.
    `fetch_allow`: the `host:port` pairs from which keys are fetched although they are not on the public network.
    `detail_types`: the types of authorization details that clients may register.
    """

    profiles: tuple[str, ...]
    default_profile: str
    site_name: str
    invitation_lifetime: int
    takes_certificates: bool
    fetch_allow: tuple[str, ...] = ()
    detail_types: frozenset[str] = frozenset()


class OperationParts(Assembly, frozen=True):
    """What operations work with. `report` is told of each batch of a long act: the table and the rows."""

    database: Database
    rules: OperationRules
    open_envelope: Callable[[], Envelope]
    journal: Journal
    report: Callable[[str, int], None] = report_nothing


AnyAct_co = TypeVar("AnyAct_co", bound=Act[object], covariant=True)


class OperationContext(Assembly, Generic[AnyAct_co], frozen=True):
    """An act, who has it done and when, in seconds since 1970-01-01 UTC.

    `secret` is what the act needs and must not be kept with it, such as a password.
    """

    act: AnyAct_co
    actor: Actor
    now: int
    parts: OperationParts
    secret: Hidden[str | None] = None

    def transaction(self) -> AbstractContextManager[Connection]:
        """Open the transaction of the act, in which it is also told of; undone by a refusal."""
        return self.parts.database.transaction()

    def event(self, kind: Kind, *, account_id: str = "", client_id: str = "", **detail: str) -> Event:
        """Return the event of the act: who had it done, and why, with the account or client that it is about."""
        return Event(kind, self.now, self.actor, account_id, client_id, detail, reason=self.act.reason)

    def record(self, connection: Connection, event: Event) -> None:
        """Record an event in the act's transaction; where its kind has a letter, that is queued with it."""
        self.parts.journal.record(connection, event)
