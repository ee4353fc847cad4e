"""What acts make that must be shown once, and is kept nowhere as it is."""

from dataclasses import dataclass, field

from authserver.accounts.model import Account


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation to an account: `handle` opens it until `until`, and is kept as its hash alone."""

    account: Account
    handle: str = field(repr=False)
    until: int


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A client's new secret, kept as its hash alone, and until when the one before stays good; None: it has ended."""

    client_secret: str = field(repr=False)
    previous_until: int | None
