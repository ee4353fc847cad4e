"""What operators can have done, as plain values without secrets: to be done now, or kept and done later.

What an act needs and must not be kept, such as a password, is given to `perform` beside it. What it makes, such as a
client's secret, is its outcome.
"""

from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from authserver.accounts.model import Account
from authserver.clients.registration import Registration
from authserver.clients.shared_secrets import SECRET_OVERLAP_SECONDS
from authserver.keys.rotation import RotationStep
from authserver.operations.results import InitialToken, Invitation, NewSecret
from authserver.protocol.safe_text import is_unseen
from authserver.values import Value

USUAL_OVERLAP_SECONDS: Final = SECRET_OVERLAP_SECONDS
"""For how long a client's secret stays good beside the next, where nothing else is said."""
LONGEST_REASON: Final = 200
"""How many characters a reason may have."""

Outcome_co = TypeVar("Outcome_co", covariant=True)


class Act(Value, Generic[Outcome_co], frozen=True, kw_only=True):
    """Something to be done; `reason` is why, in an operator's own words, or empty.

    Raises ValueError for a reason that is longer than `LONGEST_REASON`, or not one line of visible characters.
    """

    reason: str = ""

    def __post_init__(self) -> None:
        if len(self.reason) > LONGEST_REASON:
            raise ValueError(f"a reason has at most {LONGEST_REASON} characters")
        if any(is_unseen(character) for character in self.reason):
            raise ValueError("a reason is one line, without control characters or invisible ones")


class AddAccount(Act[Account], frozen=True):
    """Open an account under a parsed username; its password is the secret beside it. Claims are as for an update."""

    username: str
    claims: Mapping[str, object] | None = None
    email: str | None = None


class InviteAccount(Act[Invitation], frozen=True):
    """Make a link by which a person says how they sign in; opens an account with these claims where there is none.

    `needs_address`: only for an account with an email address, to which the link can be sent.
    """

    username: str
    claims: Mapping[str, object] | None = None
    email: str | None = None
    needs_address: bool = False


class WithdrawInvitations(Act[None], frozen=True):
    """Take back every invitation of an account that nobody has used."""

    account_id: str


class UpdateAccount(Act[dict[str, object]], frozen=True):
    """Replace an account's claims, or keep them where there are none here; then its email address, where one is here.

    The outcome is the claims as stored.
    """

    account_id: str
    claims: Mapping[str, object] | None = None
    email: str | None = None


class LockAccount(Act[None], frozen=True):
    """Lock an account: its sessions, grants and invitations end, and what is unlocked later starts anew."""

    account_id: str


class UnlockAccount(Act[None], frozen=True):
    """Open a locked account again."""

    account_id: str


class ResetFactors(Act[bool], frozen=True):
    """Take away every factor but the password, and end all sessions; the outcome is whether there was a factor."""

    account_id: str


class EnrolGenerator(Act[str], frozen=True):
    """Enrol an authenticator app, by the seed that is the secret beside it, or else by a new one: the outcome."""

    account_id: str


class EndSharing(Act[int], frozen=True):
    """Take back what a person allowed one client, or all of them; the outcome is how many grants ended."""

    account_id: str
    client_id: str | None = None


class DeleteAccount(Act[int], frozen=True):
    """Delete an account with all that hangs on it; the outcome is how many proofs of payments are kept."""

    account_id: str


class AddClient(Act[Registration], frozen=True):
    """Register a client by its metadata; the outcome has its secret, which is shown this once."""

    metadata: Mapping[str, object]


class RegisterItself(Act[Registration], frozen=True):
    """Register a client by its own words.

    The secret beside it is the token with which it changes itself later, and, after a space, the initial access token
    that it came with, if any, which is used up by one.
    """

    metadata: Mapping[str, object]


class MakeInitialToken(Act[InitialToken], frozen=True):
    """Make a token by which so many clients may register themselves under a profile, for so many seconds."""

    profile: str
    uses: int
    lifetime_seconds: int


class UpdateClient(Act[Mapping[str, object]], frozen=True):
    """Replace a client's metadata; a secret stays as it is. The outcome is the metadata as stored."""

    client_id: str
    metadata: Mapping[str, object]


class RotateClientSecret(Act[NewSecret], frozen=True):
    """Give a client another secret, the one beside it or else a new one; the present one stays good for a while.

    `overlap_seconds` is for how long; with 0 it ends now.
    """

    client_id: str
    overlap_seconds: int = USUAL_OVERLAP_SECONDS


class DisableClient(Act[None], frozen=True):
    """Refuse a client and end the use of its tokens, until it is enabled again."""

    client_id: str


class EnableClient(Act[None], frozen=True):
    """Let a disabled client in again."""

    client_id: str


class DeleteClient(Act[None], frozen=True):
    """Delete a client for good, with all that people allowed it; safe to repeat where it was stopped halfway."""

    client_id: str


class ProvisionKeys(Act[tuple[str, ...]], frozen=True):
    """Make the first key of each algorithm that has none signing; the outcome is the kids of new keys."""


class RotateKeys(Act[tuple[RotationStep, ...]], frozen=True):
    """Do what the rotation of signing keys says is due; the outcome is what was done."""


class RetireKey(Act[None], frozen=True):
    """Stop signing with a key at once; a new key of its algorithm takes its place."""

    kid: str


class RetireCompromisedKey(Act[None], frozen=True):
    """Stop signing with a key, and believing what it signed: it is kept in no archive."""

    kid: str


class PurgeExpired(Act[dict[str, int]], frozen=True):
    """Delete what has expired by now, so many rows at a time; the outcome is the rows deleted for each table."""

    batch_size: int


class RemoveReader(Act[None], frozen=True):
    """Remove a reader of events with its position; one of that name that reads again begins anew."""

    name: str
