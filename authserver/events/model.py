"""A kind of event, an event, and who did it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event, named in dotted lower case, such as `refresh.reuse_detected`.

    `detail` names what an event of it may tell beside who and when. `is_alarm`: it speaks of an attack, or of something
    broken. `logged_as` is the name of its line in the log, where that is another.
    """

    name: str
    detail: tuple[str, ...] = ()
    is_alarm: bool = False
    logged_as: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, when, to whose account (`subject`), and with which client (`client`).

    `detail` holds identifiers and reasons only, never a token, a code, a password or a key. Raises ValueError for a
    detail that its kind does not name.
    """

    kind: Kind
    at: int
    correlation_id: str = ""
    client: str = ""
    subject: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.detail.keys() <= set(self.kind.detail):
            raise ValueError(f"{self.kind.name} tells of {self.kind.detail} alone")

    @property
    def name(self) -> str:
        """Return the name under which the log tells of it."""
        return self.kind.logged_as or self.kind.name


EventSink = Callable[[Event], None]
"""Takes each event as it happens; must not raise and must not block."""
