"""What acts make that must be shown once, and is kept nowhere as it is."""

from authserver.accounts.model import Account
from authserver.values import Hidden, Value


class Invitation(Value, frozen=True):
    """An invitation to an account: `handle` opens it until `until`, and is kept as its hash alone."""

    account: Account
    handle: Hidden[str]
    until: int


class NewSecret(Value, frozen=True):
    """A client's new secret, kept as its hash alone, and until when the one before stays good; None: it has ended."""

    client_secret: Hidden[str]
    previous_until: int | None


class InitialToken(Value, frozen=True):
    """A token by which clients register themselves, kept as its hash alone, and until when."""

    token: Hidden[str]
    until: int
