"""What the command line says to an act that was not done."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from authserver.operations import refusals
from authserver.operations.refusals import OperationRefused

WORDS: Final[Mapping[type[OperationRefused], Callable[[Any], str]]] = {
    refusals.AccountNotFound: lambda _: "the account no longer exists",
    refusals.UsernameTaken: lambda refusal: f"the username {refusal.username} is already taken",
    refusals.PasswordRefused: lambda refusal: str(refusal.problem),
    refusals.ClaimsRefused: lambda refusal: f"--{refusal.given}: {refusal.problem}",
    refusals.AccountExists: lambda refusal: (
        f"{refusal.username} already exists: --email and --claims are for a new account; see: authserver user update"
    ),
    refusals.NotInvitable: lambda refusal: (
        f"{refusal.username} is locked or has a second factor; see: authserver user unlock, authserver user reset-mfa"
    ),
    refusals.EmailMissing: lambda refusal: (
        f"{refusal.username} has no email address; see: authserver user update NAME --email"
    ),
    refusals.ClientNotFound: lambda refusal: f"there is no client {refusal.client_id}",
    refusals.ClientIdTaken: lambda refusal: f"client_id: {refusal.client_id} is already taken",
    refusals.ClientIdSpent: lambda refusal: (
        f"client_id: {refusal.client_id} was a client that is deleted, and an id is never used again, or its next "
        "client would get what people allowed the last; choose another"
    ),
    refusals.ClientIdFixed: lambda _: "client_id: an id does not change; register a new client instead",
    refusals.ProfileNotServed: lambda refusal: (
        f"profile: this deployment has {', '.join(refusal.served)}; see PROFILES [RFC7591-2]"
    ),
    refusals.SigningKeyMissing: lambda refusal: (
        f"{refusal.member}: this deployment has no {refusal.algorithm} key; "
        "make one with: authserver keys rotate [RFC7591-2]"
    ),
    refusals.SecretMissing: lambda refusal: f"{refusal.client_id} has no secret: it authenticates by {refusal.method}",
    refusals.SecretNeeded: lambda _: "token_endpoint_auth_method: this client has no secret; register it anew",
    refusals.SecretUnfit: lambda refusal: f"the secret on standard input: {refusal.problem}",
    refusals.OverlapTooLong: lambda refusal: f"--overlap: at most {refusal.most_seconds // 3600} hours",
    refusals.ChangedMeanwhile: lambda refusal: f"{refusal.what} was changed at the same moment; check it and try again",
    refusals.KeyNotFound: lambda refusal: f"there is no key {refusal.kid}",
    refusals.KeyRetiredAlready: lambda refusal: f"{refusal.kid} is retired already",
    refusals.ReaderNotFound: lambda refusal: f"there is no reader {refusal.name}; see: authserver events readers",
}
"""Each kind of refusal with the sentence for it."""


def in_words(refusal: OperationRefused) -> str:
    """Return the sentence for a refusal, in one line."""
    return WORDS[type(refusal)](refusal)
