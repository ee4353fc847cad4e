"""Recovery codes: ten random codes on paper, each of which stands in once for a lost phone or key."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from authserver.accounts.factors.recovery import store
from authserver.accounts.store import people
from authserver.accounts.store.people import Connection, hold_account
from authserver.values import Value

CODES: Final = 10
CODE_BYTES: Final = 15
ACCEPTED: Final = "accepted"
LOCKED: Final = "locked"
MALFORMED: Final = "malformed"
WRONG_CODE: Final = "wrong_code"

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS: Final = 5
_LENGTH: Final = CODE_BYTES * 8 // _BITS
_GROUP: Final = 4
_LONGEST_TYPED: Final = 100
_SPELLINGS: Final = str.maketrans(
    "OILabcdefghijklmnopqrstuvwxyz", "011ABCDEFGH1JK1MN0PQRSTUVWXYZ", "-\u2010\u2011\u2012\u2013\u2014"
)
"""Letters that are easily misread, and small ones, as what they stand for; dashes of all lengths as nothing."""


class RecoveryCheck(Value, frozen=True):
    """How the use of a code ended; true only if it was right and is spent by this very use.

    `outcome` is for the operator's event; a person is told the same for every outcome but success.
    """

    outcome: str

    def __bool__(self) -> bool:
        return self.outcome == ACCEPTED


def new_codes(random: Callable[[int], bytes]) -> tuple[str, ...]:
    """Make a set of codes of 120 random bits each, written in groups of four; to be shown this once.

    Spec: ASVS5-6.5.1, ASVS5-6.5.2, ASVS5-6.5.3
    """
    return tuple(format_code(random(CODE_BYTES)) for _ in range(CODES))


def format_code(octets: bytes) -> str:
    """Write 15 bytes in the alphabet without I, L, O and U, in groups of four."""
    number = int.from_bytes(octets)
    letters = "".join(_ALPHABET[number >> (_BITS * place) & 31] for place in reversed(range(_LENGTH)))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def parse_code(text: str) -> str | None:
    """Take the code out of what a person typed or pasted, or answer None.

    Spaces, dashes and case do not matter, and letters easily misread count as the digits they look like. Only ASCII
    counts, so that one code has one spelling.
    """
    if len(text) > _LONGEST_TYPED:
        return None
    code = "".join(text.split()).translate(_SPELLINGS)
    return code if len(code) == _LENGTH and all(letter in _ALPHABET for letter in code) else None


def replace_codes(connection: Connection, account_id: str, codes: Sequence[str], now: int) -> None:
    """Store the hashes of a new set of codes, in place of every earlier one.

    A plain hash suffices: nobody can try out 120 random bits. The account is held: two sets made at once, each of
    which removes only what it sees, would both stay.

    Spec: ASVS5-6.5.2
    """
    hold_account(connection, account_id)
    store.replace(connection, account_id, [_hash(_parsed(code)) for code in codes], now)


def use_code(connection: Connection, account_id: str, typed_code: str, now: int) -> RecoveryCheck:
    """Check a code and spend it, so that of two uses of one code exactly one is accepted.

    Should the caller's transaction fail after this, the code is given back with it.

    Spec: ASVS5-6.5.1
    """
    account = people.find(connection, account_id)
    if account is None or account.locked:
        return RecoveryCheck(LOCKED)
    code = parse_code(typed_code)
    if code is None:
        return RecoveryCheck(MALFORMED)
    is_claimed = store.claim(connection, account_id, _hash(code), now)
    return RecoveryCheck(ACCEPTED if is_claimed else WRONG_CODE)


def _parsed(code: str) -> str:
    parsed = parse_code(code)
    if parsed is None:
        raise ValueError("a recovery code is 24 letters and digits of its alphabet")
    return parsed


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode("ascii")).digest()
