"""Checking a proof with nothing but the proof: no server, no database, no network, no clock.

What a proof shows: whoever holds that key approved exactly this payment for this app, having been shown exactly this
text, at this origin. What it does not: whose key it is, and when. The key that the proof carries is stated and not
signed, as are the other members in `STATED`; the bank's own records answer that, and `Expected` holds a proof against
them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from authserver.banking.challenge import payment_challenge
from authserver.banking.document import ProofMalformed, load_evidence, load_object
from authserver.banking.evidence import Assertion, Evidence, encode
from authserver.banking.signature import is_signed_by
from authserver.banking.text import is_payment, payment_text
from authserver.keys.cose import load_cose_key
from authserver.values import Value

STATED: Final = (
    "credential_public_key", "credential_id", "subject", "approval_id", "approved_at", "method",
)  # fmt: skip
"""The members that no signature covers: anyone could have written them into the file."""

_PAYMENT: Final[Mapping[int, str]] = {
    1: "the detail is a payment as this server takes it; format 1 shows neither actions nor locations",
    2: "the detail is a payment as this server takes it, all of which is shown",
}
_RP_ID_HASH: Final = slice(0, 32)
_FLAGS: Final = 32
_SHORTEST: Final = 37
_USER_PRESENT: Final = 0x01
_USER_VERIFIED: Final = 0x04


class Check(Value, frozen=True):
    """One thing that was checked: its name, whether it held, and what was looked at."""

    name: str
    passed: bool
    detail: str


class Verdict(Value, frozen=True):
    """Every check in order; true only if each held. `evidence` is None where the file could not be read."""

    checks: tuple[Check, ...]
    evidence: Evidence | None

    def __bool__(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    def failed(self) -> tuple[str, ...]:
        """Return the names of the checks that did not hold."""
        return tuple(check.name for check in self.checks if not check.passed)


class Expected(Value, frozen=True):
    """What whoever checks knows from elsewhere; what is None is taken from the proof itself."""

    origin: str | None = None
    credential_public_key: str | None = None
    client_id: str | None = None


def verify_proof(data: bytes, expected: Expected | None = None) -> Verdict:
    """Check a proof's bytes.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2, WEBAUTHN-7.2
    """
    try:
        evidence = load_evidence(data)
    except ProofMalformed as error:
        return Verdict((Check("format", passed=False, detail=str(error)),), None)
    return Verdict(tuple(_checks(evidence, expected or Expected())), evidence)


def _checks(evidence: Evidence, expected: Expected) -> Iterator[Check]:
    yield Check("format", passed=True, detail="every member is known, each once")
    yield _checked("payment", _PAYMENT[evidence.version], lambda: _is_payment(evidence))
    yield _checked("text", "the text is what this payment reads as", lambda: _reads_as_stated(evidence))
    if expected.client_id is not None:
        yield _checked("client", "the app is the one expected", lambda: evidence.client_id == expected.client_id)
    if evidence.assertion is None:
        yield Check("linked", passed=False, detail="a passkey signed for this payment alone")
        return
    yield Check("linked", passed=True, detail="a passkey signed for this payment alone")
    yield from _assertion_checks(evidence, evidence.assertion, expected)


def _assertion_checks(evidence: Evidence, assertion: Assertion, expected: Expected) -> Iterator[Check]:
    """Check what was signed, then the signature over it.

    Spec: WEBAUTHN-7.2
    """
    client_data, data = _client_data(assertion), assertion.authenticator_data
    origin = assertion.origin if expected.origin is None else expected.origin
    key = encode(assertion.credential_public_key)
    yield _checked("type", "the passkey was asked for a proof", lambda: client_data["type"] == "webauthn.get")
    yield _checked(
        "challenge",
        "what was signed is the hash of nonce, app, text and payment",
        lambda: client_data["challenge"] == encode(_challenge(evidence)),
    )
    yield _checked("origin", f"the page was at {origin}", lambda: client_data["origin"] == origin == assertion.origin)
    yield _checked("cross_origin", "no frame of another site had a part in it", lambda: _is_same_origin(client_data))
    yield _checked(
        "rp_id",
        f"passkey and page are of {assertion.rp_id}",
        lambda: _is_relying_party(assertion, origin),
    )
    yield _checked("user_present", "the person touched the authenticator", lambda: _has(data, _USER_PRESENT))
    yield _checked(
        "user_verified",
        "the authenticator knew the person",
        lambda: _has(data, _USER_VERIFIED) and assertion.user_verified,
    )
    if expected.credential_public_key is not None:
        yield _checked("public_key", "the key is the one expected", lambda: key == expected.credential_public_key)
    yield _checked("key", "the key is a passkey's, worth something, in its one spelling", lambda: _is_key(assertion))
    yield _checked("signature", "the key signed all of this", lambda: _is_signed(assertion))


def _checked(name: str, detail: str, holds: Callable[[], bool]) -> Check:
    """Do one check; a value too odd to be looked at is a failed check, never the end of the program."""
    try:
        passed = holds()
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        passed = False
    return Check(name, passed, detail)


def _is_payment(evidence: Evidence) -> bool:
    return is_payment(evidence.payment, evidence.version)


def _reads_as_stated(evidence: Evidence) -> bool:
    return payment_text(evidence.payment, evidence.language, evidence.version) == evidence.text


def _challenge(evidence: Evidence) -> bytes:
    signed = (evidence.nonce, evidence.client_id, evidence.text, evidence.payment)
    return payment_challenge(*signed, evidence.version)


def _client_data(assertion: Assertion) -> Mapping[str, Any]:
    """Return what the browser says it did, or nothing where that cannot be read: each check of it then fails."""
    try:
        return load_object(assertion.client_data_json)
    except ProofMalformed:
        return {}


def _is_same_origin(client_data: Mapping[str, Any]) -> bool:
    return bool(client_data) and client_data.get("crossOrigin", False) is False and "topOrigin" not in client_data


def _is_relying_party(assertion: Assertion, origin: str) -> bool:
    """Check that the authenticator signed for the relying party, and that the origin is of its domain.

    Spec: WEBAUTHN-7.2, WEBAUTHN-5.1.4
    """
    host, rp_id = urlsplit(origin).hostname or "", assertion.rp_id
    is_own = urlsplit(origin).scheme == "https" and bool(rp_id) and (host == rp_id or host.endswith("." + rp_id))
    return is_own and assertion.authenticator_data[_RP_ID_HASH] == hashlib.sha256(rp_id.encode()).digest()


def _has(authenticator_data: bytes, flag: int) -> bool:
    return len(authenticator_data) >= _SHORTEST and bool(authenticator_data[_FLAGS] & flag)


def _is_key(assertion: Assertion) -> bool:
    """Check that the key needs a secret at all: under a point of small order one signature fits every payment."""
    return bool(load_cose_key(assertion.credential_public_key))


def _is_signed(assertion: Assertion) -> bool:
    signed = assertion.authenticator_data + hashlib.sha256(assertion.client_data_json).digest()
    return is_signed_by(assertion.credential_public_key, assertion.signature, signed)
