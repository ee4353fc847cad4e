"""Why an act is not done as things stand: nothing was changed. Who asked for it is told in the caller's words."""

from dataclasses import dataclass


class OperationRefused(Exception):
    """An act that was not done; whatever it had begun is undone.

    What the clients' own rules refuse of metadata is InvalidClientMetadata, as everywhere.
    """


@dataclass(eq=False)
class AccountNotFound(OperationRefused):
    """There is no account of this id, or no longer."""

    account_id: str


@dataclass(eq=False)
class UsernameTaken(OperationRefused):
    """Another account has this username."""

    username: str


@dataclass(eq=False)
class PasswordRefused(OperationRefused):
    """A password that may not be chosen; `problem` says why, for the person who chose it."""

    problem: str


@dataclass(eq=False)
class ClaimsRefused(OperationRefused):
    """Claims that may not be stored; `given` is `claims` or `email`, whichever is at fault."""

    given: str
    problem: str


@dataclass(eq=False)
class AccountExists(OperationRefused):
    """Claims for a new account were given, and there is one of this username already."""

    username: str


@dataclass(eq=False)
class NotInvitable(OperationRefused):
    """An account that is locked, or has a second factor, beside which an invitation would be a way around it."""

    username: str


@dataclass(eq=False)
class EmailMissing(OperationRefused):
    """An account without an email address, to which nothing can be sent."""

    username: str


@dataclass(eq=False)
class ClientNotFound(OperationRefused):
    """There is no client of this id."""

    client_id: str


@dataclass(eq=False)
class ClientIdTaken(OperationRefused):
    """Another client has this id."""

    client_id: str


@dataclass(eq=False)
class ClientIdSpent(OperationRefused):
    """A client of this id was deleted, and an id is never used again."""

    client_id: str


@dataclass(eq=False)
class ClientIdFixed(OperationRefused):
    """Metadata with another id than that of the client it is for."""

    client_id: str


@dataclass(eq=False)
class ProfileNotServed(OperationRefused):
    """The metadata names a profile that this deployment does not have; `served` are those it has."""

    served: tuple[str, ...]


@dataclass(eq=False)
class SigningKeyMissing(OperationRefused):
    """A client is to get something, named by this member, that no key of this deployment can sign."""

    member: str
    algorithm: str


@dataclass(eq=False)
class SecretMissing(OperationRefused):
    """A client that has no secret, since it authenticates otherwise."""

    client_id: str
    method: str


@dataclass(eq=False)
class SecretNeeded(OperationRefused):
    """An update to a method with a secret, for a client that has none."""

    client_id: str


@dataclass(eq=False)
class SecretUnfit(OperationRefused):
    """A secret from elsewhere that cannot be a client's; `problem` says why, and holds nothing of it."""

    problem: str


@dataclass(eq=False)
class OverlapTooLong(OperationRefused):
    """Two secrets were to be valid together for longer than `most_seconds`, or for less than no time."""

    most_seconds: int


@dataclass(eq=False)
class ChangedMeanwhile(OperationRefused):
    """Someone else changed the same thing at the same moment; `what` names it by its id."""

    what: str


@dataclass(eq=False)
class KeyNotFound(OperationRefused):
    """There is no signing key of this id."""

    kid: str


@dataclass(eq=False)
class KeyRetiredAlready(OperationRefused):
    """The key does not sign any more."""

    kid: str


@dataclass(eq=False)
class ReaderNotFound(OperationRefused):
    """There is no reader of events of this name."""

    name: str
