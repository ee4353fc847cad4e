"""Adding an authenticator app: a fresh seed is proposed, and kept only once a code of it was typed.

Until then the seed is nowhere but in the person's form, sealed for their account; two forms may be open at once.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from authserver.accounts.factors.totp import codes, store
from authserver.accounts.factors.totp.credential import enrol_totp
from authserver.accounts.store.people import Connection
from authserver.sealing.envelope import Envelope, SealBroken
from authserver.values import Hidden, Value

LIFETIME_SECONDS: Final = 900


class Proposal(Value, frozen=True):
    """A seed to be shown, and the ticket with which it comes back."""

    seed: Hidden[str]
    ticket: Hidden[str]


def propose_generator(envelope: Envelope, account_id: str, random: Callable[[int], bytes], now: int) -> Proposal:
    """Return a fresh seed for an account."""
    return _seal(envelope, account_id, codes.new_seed(random(codes.SEED_BYTES)), now + LIFETIME_SECONDS)


def read_proposal(envelope: Envelope, account_id: str, ticket: str, now: int) -> Proposal | None:
    """Return the seed of a ticket if it is this account's and still good."""
    try:
        sealed = urlsafe_b64decode(ticket.encode("ascii"))
        seed, expires_at = json.loads(envelope.open(sealed, _place(account_id)))
    except (SealBroken, UnicodeEncodeError, binascii.Error):
        return None
    return Proposal(seed, ticket) if now < expires_at else None


def confirm_generator(
    connection: Connection, envelope: Envelope, account_id: str, proposal: Proposal, typed_code: str, now: int
) -> bool:
    """Make a proposed seed the account's if the code is one of it, which is spent by this.

    A step already spent, by a code of the seed before it, stays so: the code is no good a second time either way.

    Spec: RFC6238-5.2, ASVS5-6.5.1
    """
    code = codes.parse_code(typed_code)
    time_step = codes.matching_time_step(proposal.seed, code, now) if code is not None else None
    if time_step is None:
        return False
    enrol_totp(connection, envelope, account_id, proposal.seed, now)
    store.claim_time_step(connection, account_id, time_step, now)
    return True


def _seal(envelope: Envelope, account_id: str, seed: str, expires_at: int) -> Proposal:
    sealed = envelope.seal(json.dumps([seed, expires_at]).encode(), _place(account_id))
    return Proposal(seed, urlsafe_b64encode(sealed).decode("ascii"))


def _place(account_id: str) -> str:
    return f"generator_enrolment|{account_id}"
