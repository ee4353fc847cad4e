"""What happened, as values: security and operational events, free of any secret."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, named in dotted lower case, such as `refresh.reuse_detected`.

    `detail` holds identifiers and reasons only, never a token, a code, a password or a key.
    """

    name: str
    at: int
    correlation_id: str = ""
    client_id: str = ""
    account_id: str = ""
    detail: Mapping[str, str] = field(default_factory=dict)


EventSink = Callable[[Event], None]
"""Takes each event as it happens; must not raise and must not block."""
