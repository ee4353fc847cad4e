"""A kind of event, an event, and who did it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import force_setattr

from authserver.events.redaction import without_secrets
from authserver.messages import Message
from authserver.values import Hidden, Value, field


class Kind(Value, frozen=True):
    """A kind of event, named in dotted lower case, such as `refresh.reuse_detected`.

    `detail` names what an event of it may tell the operator beside who and when. `is_recorded`: it changes something,
    so it is a row; else it is a line of the log alone. `words` is what its person reads under Activity, `letter` the
    subject of the letter that they get. `is_alarm`: it speaks of an attack, or of something broken.

    `logged_as` and `listed_as` are its names in the log and in a list of activities, where those are others.
    """

    name: str
    detail: tuple[str, ...] = ()
    is_recorded: bool = False
    words: Message | None = None
    letter: Message | None = None
    is_alarm: bool = False
    logged_as: str = ""
    listed_as: str = ""

    @property
    def activity(self) -> str:
        """Return the name under which a list of a person's activities has it."""
        return self.listed_as or self.name.replace(".", "_")


OPERATOR: Final = "operator"
"""The role of those who run this server."""


class Actor(Value, frozen=True):
    """Who did something: the role, and in it an account's id, a client's, or the name of an operator."""

    role: str
    name: str = ""


SERVER: Final = Actor("server")
"""The server, of itself."""

ANYONE: Final = Actor("anyone")
"""Someone who has not proved who they are."""


def person(account_id: str) -> Actor:
    """Return the actor who is the person of an account."""
    return Actor("person", account_id)


def client(client_id: str) -> Actor:
    """Return the actor who is an authenticated client."""
    return Actor("client", client_id)


def operator(name: str) -> Actor:
    """Return the actor who runs this server, such as the user of the operating system who called a command."""
    return Actor(OPERATOR, name)


class Event(Value, frozen=True):
    """One thing that happened: when, who did it, to whose account (`subject`), with which client (`client`).

    `detail` is for the operator: identifiers and reasons only, never a token, a code, a password or a key. `thing` is
    for the person and stands in no log and no traceback: the short name of what it happened to. A letter names
    `letter_name`, where that is another; `is_quiet` where another event of the same act sends the letter. `reason` is
    an operator's own.

    What looks like a card number or a token is taken out of `detail` and `reason`. Raises ValueError for a detail that
    its kind does not name.
    """

    kind: Kind
    at: int
    actor: Actor = SERVER
    subject: str = ""
    client: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)
    thing: Hidden[str] = ""
    letter_name: Hidden[str] = ""
    is_quiet: bool = False
    reason: str = ""
    correlation_id: str = ""

    def __post_init__(self) -> None:
        if not (self.detail or self.reason):  # as of most events, those of tokens among them
            return
        if not self.detail.keys() <= set(self.kind.detail):
            raise ValueError(f"{self.kind.name} tells of {self.kind.detail} alone")
        told = {name: without_secrets(value) for name, value in self.detail.items()}
        force_setattr(self, "detail", MappingProxyType(told))
        force_setattr(self, "reason", without_secrets(self.reason))

    @property
    def name(self) -> str:
        """Return the name under which the log tells of it."""
        return self.kind.logged_as or self.kind.name


EventSink = Callable[[Event], None]
"""Takes each event as it happens; must not raise and must not block."""
