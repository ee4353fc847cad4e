"""One act under way: what it works with, and how it is told of."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from authserver.accounts.activities import note
from authserver.db.engine import Connection, Database
from authserver.notices.model import Notifier, tell_nobody
from authserver.operations.acts import Act
from authserver.sealing.envelope import Envelope


def report_nothing(_table: str, _rows: int) -> None:
    """Take no note of how far an act is."""


@dataclass(frozen=True, slots=True)
class OperationRules:
    """What the deployment lays down for operations; times in seconds.

    `takes_certificates`: our own TLS meets the clients, and must know their certificates before they speak.
    `fetch_allow`: the `host:port` pairs from which keys are fetched although they are not on the public network.
    """

    profiles: tuple[str, ...]
    default_profile: str
    site_name: str
    invitation_lifetime: int
    takes_certificates: bool
    fetch_allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationParts:
    """What operations work with. `report` is told of each batch of a long act: the table and the rows."""

    database: Database
    rules: OperationRules
    open_envelope: Callable[[], Envelope]
    notifier: Notifier = tell_nobody
    report: Callable[[str, int], None] = report_nothing


AnyAct_co = TypeVar("AnyAct_co", bound=Act[object], covariant=True)


@dataclass(frozen=True, slots=True)
class Task(Generic[AnyAct_co]):
    """An act, who has it done and when, in seconds since 1970-01-01 UTC.

    `secret` is what the act needs and must not be kept with it, such as a password.
    """

    act: AnyAct_co
    actor: str
    now: int
    parts: OperationParts
    secret: str | None = field(default=None, repr=False)

    def transaction(self) -> AbstractContextManager[Connection]:
        """Open the transaction of the act, in which it is also told of; undone by a refusal."""
        return self.parts.database.transaction()

    def tell_person(self, connection: Connection, account_id: str, names: tuple[str, str], detail: str = "") -> None:
        """Tell the person of an account, in the act's transaction; `names` are of the activity and of the letter."""
        activity, letter = names
        note(connection, account_id, activity, self.now)
        self.parts.notifier(connection, account_id, letter, self.now, detail)
