"""The seed of an account: storing it sealed, and checking a code of it."""

from typing import Final

from authserver.accounts.factors.totp import codes, store
from authserver.accounts.store.people import Connection
from authserver.sealing.envelope import Envelope
from authserver.values import Value

ACCEPTED: Final = "accepted"
NOT_ENROLLED: Final = "not_enrolled"
LOCKED: Final = "locked"
MALFORMED: Final = "malformed"
WRONG_CODE: Final = "wrong_code"
ALREADY_USED: Final = "already_used"


class TotpCheck(Value, frozen=True):
    """How a check of a code ended; true only if the code was right and is spent by this very check.

    `outcome` is for the operator's event; a person is told the same for every outcome but success.
    """

    outcome: str

    def __bool__(self) -> bool:
        return self.outcome == ACCEPTED


def enrol_totp(connection: Connection, envelope: Envelope, account_id: str, seed: str, now: int) -> None:
    """Seal a seed and make it the account's, in place of any earlier one; raise ValueError if the seed is unfit."""
    sealed_seed = envelope.seal(codes.parse_seed(seed).encode(), _associated_data(account_id))
    store.save(connection, account_id, sealed_seed, now)


def check_totp(connection: Connection, envelope: Envelope, account_id: str, typed_code: str, now: int) -> TotpCheck:
    """Check a code and spend its time step, so that of two posts of one code exactly one is accepted.

    Should the caller's transaction fail after this, the step is given back with it and the person types the code
    again.

    Spec: RFC6238-5.2, ASVS5-6.5.1
    """
    credential = store.find(connection, account_id)
    if credential is None:
        return TotpCheck(NOT_ENROLLED)
    if credential.locked:
        return TotpCheck(LOCKED)
    code = codes.parse_code(typed_code)
    if code is None:
        return TotpCheck(MALFORMED)
    seed = envelope.open(credential.sealed_seed, _associated_data(account_id)).decode()
    time_step = codes.matching_time_step(seed, code, now)
    if time_step is None:
        return TotpCheck(WRONG_CODE)
    is_claimed = store.claim_time_step(connection, account_id, time_step, now)
    return TotpCheck(ACCEPTED if is_claimed else ALREADY_USED)


def _associated_data(account_id: str) -> str:
    """Tie a sealed seed to its row, so that it opens in no other."""
    return f"totp_credentials|{account_id}"
