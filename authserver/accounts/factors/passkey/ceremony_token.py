"""The sealed token of a ceremony: nothing is stored between its two ends, and it is claimed when the answer comes."""

import json
from hashlib import sha256
from typing import Final

from authserver.accounts.factors.passkey.model import RelyingParty
from authserver.accounts.factors.passkey.sign_count import CeremonyStart
from authserver.clock import is_ahead
from authserver.db.engine import Connection
from authserver.db.one_time_ids import claim_id, id_hash
from authserver.events.journal import Journal
from authserver.sealing.envelope import Envelope, SealBroken
from authserver.values import Assembly, Hidden, Value

CEREMONY_SECONDS: Final = 900
"""As long as a person may take over a page: autofill offers a passkey on a page that has stood open for a while."""
_MAX_TOKEN_LENGTH: Final = 8192


class Ceremonies(Assembly, frozen=True):
    """What ceremonies are held with; one for the process."""

    relying_party: RelyingParty
    envelope: Envelope
    journal: Journal


class CeremonyPurpose(Value, frozen=True):
    """What a ceremony is for; the page that finishes it asks the same as the one that began it, or it is another.

    `account_id` is empty where whoever has a passkey may sign in; `browser` is a cookie's value.
    """

    purpose: str
    browser: str
    account_id: str = ""
    verify_user: bool = False


class CeremonyResponse(Value, frozen=True):
    """What a form brought back: the token, and what the browser said."""

    ceremony: str
    credential: Hidden[str]


class CeremonyState(Value, frozen=True):
    """What was sealed into a token: the challenge, a text of the caller's, and what was known when it began."""

    challenge: bytes
    carried: str
    begun: CeremonyStart


def seal_ceremony(
    ceremonies: Ceremonies, asked: CeremonyPurpose, challenge: bytes, begun: CeremonyStart, carried: str = ""
) -> str:
    """Return the token of a ceremony, with its challenge and a text of the caller's sealed in."""
    members = [challenge.hex(), carried, begun.at, dict(begun.counts)]
    return ceremonies.envelope.seal(json.dumps(members).encode(), _place(asked)).hex()


def claim_ceremony(
    connection: Connection, ceremonies: Ceremonies, asked: CeremonyPurpose, answer: CeremonyResponse, now: int
) -> CeremonyState | None:
    """Open a token and claim it; return what was sealed into it, or None where it is not good here and now.

    Spec: WEBAUTHN-13.4.3
    """
    if len(answer.ceremony) > _MAX_TOKEN_LENGTH:
        return None
    try:
        sealed = bytes.fromhex(answer.ceremony)
        challenge, carried, begun_at, counts = json.loads(ceremonies.envelope.open(sealed, _place(asked)))
    except (ValueError, SealBroken):
        return None
    expires_at = begun_at + CEREMONY_SECONDS
    if (
        now >= expires_at
        or is_ahead(begun_at, now)
        or not claim_id(connection, id_hash("passkey ceremony", challenge), expires_at)
    ):
        return None
    return CeremonyState(bytes.fromhex(challenge), carried, CeremonyStart(begun_at, counts))


def _place(asked: CeremonyPurpose) -> str:
    """Tie a token to its purpose, its account and its browser: it opens for no other."""
    browser = sha256(asked.browser.encode()).hexdigest()
    return f"passkey ceremony|{asked.purpose}|{asked.account_id}|{browser}"
