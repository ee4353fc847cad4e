"""Time-based one-time passwords: seeds, codes, and which time step a code belongs to."""

import base64
import binascii
import re
from typing import Final

import pyotp
from pyotp.exceptions import OTPVerificationError

SEED_BYTES: Final = 20
MIN_SEED_BYTES: Final = 16
MAX_SEED_BYTES: Final = 64
STEP_SECONDS: Final = 30
WINDOW_STEPS: Final = 1
_MAX_TYPED_LENGTH: Final = 32
_CODE: Final = re.compile(r"[0-9]{6}")


def new_seed(random_bytes: bytes) -> str:
    """Write fresh random bytes as the base32 seed that an authenticator app takes; `SEED_BYTES` of them.

    Spec: RFC4226-4
    """
    return parse_seed(base64.b32encode(random_bytes).decode())


def parse_seed(text: str) -> str:
    """Bring a base32 seed to its one form (no spaces, no padding, upper case); raise ValueError if it is unfit.

    Spec: RFC4226-4
    """
    seed = "".join(text.split()).upper().rstrip("=")
    try:
        secret = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except (binascii.Error, ValueError):
        raise ValueError("the seed is not base32") from None
    if len(secret) < MIN_SEED_BYTES:
        raise ValueError(f"the seed has fewer than {8 * MIN_SEED_BYTES} bits")
    if len(secret) > MAX_SEED_BYTES:
        raise ValueError(f"the seed has more than {8 * MAX_SEED_BYTES} bits")
    return seed


def parse_code(text: str) -> str | None:
    """Take the six digits out of what a person typed, or answer None.

    Spaces are how apps group the digits, and pasting brings more kinds of them. Only ASCII digits count: the
    comparison further down would fold full-width ones into them, and one code must have one spelling.
    """
    if len(text) > _MAX_TYPED_LENGTH:
        return None
    code = "".join(text.split())
    return code if _CODE.fullmatch(code) else None


def matching_time_step(seed: str, code: str, now: int) -> int | None:
    """Answer the time step whose code this is, of the present one and one on either side, or None.

    Says nothing about whether the step was used before: the caller claims it.

    Spec: RFC6238-5.2, ASVS5-6.5.5
    """
    totp = pyotp.TOTP(seed, interval=STEP_SECONDS)
    try:
        return totp.verify_and_get_timecode(code, for_time=now, valid_window=WINDOW_STEPS)
    except OTPVerificationError:
        return None


def provisioning_uri(seed: str, *, username: str, issuer_name: str) -> str:
    """Return the otpauth URI that enrols the seed in an authenticator app; it holds the seed, so show it once.

    A colon parts the issuer from the account in the label, and apps take a slash for the end of it, encoded or not:
    in either name both become spaces.
    """
    return pyotp.TOTP(seed, interval=STEP_SECONDS).provisioning_uri(
        name=_label_part(username), issuer_name=_label_part(issuer_name)
    )


def _label_part(text: str) -> str:
    return " ".join(text.replace(":", " ").replace("/", " ").split()) or "-"
