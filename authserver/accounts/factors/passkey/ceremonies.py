"""The two ceremonies of a passkey, each begun by a page and finished by its form: making one, and proving one.

An answer is worth one look, however it ends: the caller's transaction commits, so that a ceremony is spent by a refusal
too, and a copied key stays closed.
"""

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from authserver.accounts.factors.passkey import store
from authserver.accounts.factors.passkey.ceremony_token import (
    Ceremonies,
    CeremonyPurpose,
    CeremonyResponse,
    CeremonyState,
    claim_ceremony,
    seal_ceremony,
)
from authserver.accounts.factors.passkey.model import (
    MOST_PASSKEYS,
    Credential,
    ExpectedCeremony,
    Passkey,
    PasskeyRefused,
    SignedAssertion,
    check_owner,
    parse_credential,
    parse_name,
)
from authserver.accounts.factors.passkey.sign_count import CeremonyStart, may_be_late
from authserver.db.engine import Connection
from authserver.deferred import Deferred
from authserver.events.catalogue import PASSKEY_CLOSED
from authserver.events.model import Event
from authserver.values import Hidden, Value, replace

if TYPE_CHECKING:
    from authserver.accounts.factors.passkey import verification
else:
    verification = Deferred("authserver.accounts.factors.passkey.verification")  # with its library 4 MB and 0.1 s

ACCEPTED: Final = "accepted"
STALE_CEREMONY: Final = "stale_ceremony"
MALFORMED: Final = "malformed"
UNKNOWN_PASSKEY: Final = "unknown_passkey"
TOO_MANY_PASSKEYS: Final = "too_many_passkeys"
KNOWN_PASSKEY: Final = "known_passkey"
LOCKED: Final = "locked"
DISABLED: Final = "disabled"
REFUSED: Final = "refused"
LATE: Final = "late"
CLONE_SUSPECTED: Final = "clone_suspected"

UNNAMED: Final = "Passkey"
_CHALLENGE_BYTES: Final = 32


class Ceremony(Value, frozen=True):
    """What a page puts into its form: the sealed token, and what the script asks of the browser, as JSON.

    `usable` is false where the account has no passkey that could answer.
    """

    token: Hidden[str]
    options: str
    usable: bool = True


class RegistrationResult(Value, frozen=True):
    """How a registration ended; true only if `passkey` was stored.

    `method` is the name under which a session notes the proof that the making of it was.
    """

    outcome: str
    passkey: Passkey | None = None
    method: str = ""

    def __bool__(self) -> bool:
        return self.outcome == ACCEPTED


class AssertionResult(Value, frozen=True):
    """How an assertion ended; true only if the passkey is `account_id`'s own and its use was claimed by this very one.

    `method` is the name under which a session notes it. `carried` is what was sealed in when it began. `outcome` and
    `reason` are for the operator; a person is told the same for every outcome but success.
    """

    outcome: str
    account_id: str = ""
    method: str = ""
    passkey: Passkey | None = None
    evidence: SignedAssertion | None = None
    carried: str = ""
    reason: str = ""

    def __bool__(self) -> bool:
        return self.outcome == ACCEPTED


def begin_registration(
    connection: Connection, ceremonies: Ceremonies, asked: CeremonyPurpose, username: str, now: int
) -> Ceremony:
    """Ask for a new passkey."""
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    existing = store.find_all(connection, asked.account_id)
    party = ceremonies.relying_party
    options = verification.registration_options(
        party, (asked.account_id, username), challenge, existing, verify=asked.verify_user
    )
    return Ceremony(seal_ceremony(ceremonies, asked, challenge, CeremonyStart(now)), options)


def begin_sign_in(ceremonies: Ceremonies, asked: CeremonyPurpose, now: int) -> Ceremony:
    """Ask for a proof by any passkey of this server that the person picks, whoever they are; no database is asked.

    Spec: WEBAUTHN-13.4.3
    """
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    options = verification.assertion_options(ceremonies.relying_party, challenge, (), verify=asked.verify_user)
    return Ceremony(seal_ceremony(ceremonies, asked, challenge, CeremonyStart(now)), options)


def begin_assertion(
    connection: Connection,
    ceremonies: Ceremonies,
    asked: CeremonyPurpose,
    now: int,
    *,
    challenge: bytes | None = None,
    carried: str = "",
) -> Ceremony:
    """Ask for a proof by one of the account's passkeys; `challenge` is what is signed, where the caller has something.

    Spec: WEBAUTHN-13.4.3
    """
    nonce = challenge or secrets.token_bytes(_CHALLENGE_BYTES)
    usable = [each for each in store.find_all(connection, asked.account_id) if each.disabled_at is None]
    options = verification.assertion_options(ceremonies.relying_party, nonce, usable, verify=asked.verify_user)
    begun = CeremonyStart(now, {each.passkey_id: each.sign_count for each in usable})
    return Ceremony(seal_ceremony(ceremonies, asked, nonce, begun, carried), options, usable=bool(usable))


def finish_registration(
    connection: Connection,
    ceremonies: Ceremonies,
    asked: CeremonyPurpose,
    answer: CeremonyResponse,
    now: int,
    *,
    name: str,
) -> RegistrationResult:
    """Verify a new passkey and store it, unless the account has as many as anyone can keep apart.

    Spec: WEBAUTHN-7.1, WEBAUTHN-13.4.3
    """
    opened = claim_ceremony(connection, ceremonies, asked, answer, now)
    if opened is None:
        return RegistrationResult(STALE_CEREMONY)
    try:
        expected = ExpectedCeremony(ceremonies.relying_party, opened.challenge, asked.verify_user)
        made = verification.verify_registration(parse_credential(answer.credential), expected)
    except PasskeyRefused:
        return RegistrationResult(REFUSED)
    if len(store.find_all(connection, asked.account_id)) >= MOST_PASSKEYS:
        return RegistrationResult(TOO_MANY_PASSKEYS)
    passkey = Passkey(
        passkey_id=secrets.token_urlsafe(16),
        account_id=asked.account_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        aaguid=made.aaguid,
        transports=made.transports,
        name=parse_name(name) or UNNAMED,
        created_at=now,
    )
    if not store.add(connection, passkey):
        return RegistrationResult(KNOWN_PASSKEY)
    method = _method(backup_eligible=made.backup_eligible, user_verified=asked.verify_user)
    return RegistrationResult(ACCEPTED, passkey, method)


def finish_assertion(
    connection: Connection, ceremonies: Ceremonies, asked: CeremonyPurpose, answer: CeremonyResponse, now: int
) -> AssertionResult:
    """Verify a proof by a passkey and claim its count, so that a copied authenticator is found out and opens nothing.

    Spec: WEBAUTHN-7.2, WEBAUTHN-6.1.1, WEBAUTHN-13.4.3
    """
    opened = claim_ceremony(connection, ceremonies, asked, answer, now)
    if opened is None:
        return AssertionResult(STALE_CEREMONY)
    try:
        credential = parse_credential(answer.credential)
    except PasskeyRefused as refusal:
        return AssertionResult(MALFORMED, reason=str(refusal))
    found = store.find_by_credential(connection, credential.credential_id)
    if found is None or asked.account_id not in {"", found[0].account_id}:
        return AssertionResult(UNKNOWN_PASSKEY)
    passkey, is_locked = found
    if is_locked or passkey.disabled_at is not None:
        return AssertionResult(LOCKED if is_locked else DISABLED, passkey.account_id)
    return replace(_prove(connection, ceremonies, (credential, passkey), (asked, opened), now), carried=opened.carried)


def _prove(
    connection: Connection,
    ceremonies: Ceremonies,
    shown: tuple[Credential, Passkey],
    wanted: tuple[CeremonyPurpose, CeremonyState],
    now: int,
) -> AssertionResult:
    """Verify what was shown against what was wanted, and claim the use."""
    (credential, passkey), (asked, opened) = shown, wanted
    try:
        expected = ExpectedCeremony(ceremonies.relying_party, opened.challenge, asked.verify_user)
        signed = verification.verify_assertion(credential, passkey.public_key, expected)
        check_owner(credential, signed, passkey, found_by_handle=not asked.account_id)
    except PasskeyRefused as refusal:
        return AssertionResult(REFUSED, passkey.account_id, reason=str(refusal))
    if not store.claim_use(connection, passkey.passkey_id, signed.sign_count, now, backed_up=signed.backed_up):
        if _came_late(connection, passkey, signed.sign_count, opened.begun):
            return AssertionResult(
                LATE, passkey.account_id, reason="a later signature of this key was accepted before it"
            )
        return _refuse_copy(connection, ceremonies, passkey, now)
    evidence = verification.evidence_of(
        credential, opened.challenge, passkey.public_key, user_verified=signed.user_verified
    )
    method = _method(backup_eligible=signed.backup_eligible, user_verified=signed.user_verified)
    return AssertionResult(ACCEPTED, passkey.account_id, method, passkey, evidence)


def owner_key(connection: Connection, credential: str) -> str:
    """Return under whose name a try is counted, before anything of the answer is believed."""
    try:
        credential_id = parse_credential(credential).credential_id
    except PasskeyRefused:
        return "passkey|"
    found = store.find_by_credential(connection, credential_id)
    return found[0].account_id if found else f"passkey|{sha256(credential_id).hexdigest()}"


def _came_late(connection: Connection, passkey: Passkey, sign_count: int, begun: CeremonyStart) -> bool:
    """Return whether a count that was not claimed is no sign of a copy; the row may have moved since it was read."""
    if sign_count > passkey.sign_count:
        found = store.find_by_credential(connection, passkey.credential_id)
        passkey = found[0] if found is not None else passkey
    return may_be_late(passkey, sign_count, begun)


def _refuse_copy(connection: Connection, ceremonies: Ceremonies, passkey: Passkey, now: int) -> AssertionResult:
    """Close a passkey whose count has not grown: there may be two of it, and nothing tells which one this is.

    One that another request closed or removed meanwhile is closed no second time.

    Spec: WEBAUTHN-6.1.1, WEBAUTHN-7.2-22
    """
    if not store.disable(connection, passkey.passkey_id, now):
        return AssertionResult(DISABLED, passkey.account_id)
    detail = {"passkey_id": passkey.passkey_id}
    event = Event(PASSKEY_CLOSED, now, subject=passkey.account_id, detail=detail, thing=passkey.name)
    ceremonies.journal.record(connection, event)
    return AssertionResult(CLONE_SUSPECTED, passkey.account_id, passkey=passkey)


def _method(*, backup_eligible: bool, user_verified: bool) -> str:
    kind = "swk" if backup_eligible else "hwk"
    return f"{kind}+uv" if user_verified else kind
