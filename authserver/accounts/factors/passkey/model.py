"""A passkey, what a browser says of one, and the checks that need no cryptography."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from authserver.values import Hidden, Value

MAX_CREDENTIAL_LENGTH: Final = 16 * 1024
MAX_CREDENTIAL_ID_BYTES: Final = 1023
MAX_NAME_LENGTH: Final = 64
MOST_PASSKEYS: Final = 32
TRANSPORTS: Final = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})


class PasskeyRefused(Exception):
    """An answer that proves nothing; its text is for the operator."""


class RelyingParty(Value, frozen=True):
    """Who we are to an authenticator; `aaguids` are the models that may be registered, all of them where it is empty.

    Spec: WEBAUTHN-5.1.2, WEBAUTHN-13.4.9
    """

    rp_id: str
    origin: str
    name: str
    aaguids: frozenset[str] = frozenset()


def relying_party(issuer: str, name: str, aaguids: Iterable[str] = ()) -> RelyingParty:
    """Return the relying party of an issuer: its host, under its origin alone.

    Spec: WEBAUTHN-5.1.2
    """
    host = urlsplit(issuer).hostname or ""
    return RelyingParty(host, issuer, name or host, frozenset(aaguid.lower() for aaguid in aaguids))


class Passkey(Value, frozen=True):
    """A registered passkey; one with `disabled_at` was refused as a copy and opens nothing any more.

    A `backup_eligible` key may exist on several devices, so that it says little about any one of them.
    """

    passkey_id: str
    account_id: str
    credential_id: bytes
    public_key: Hidden[bytes]
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str
    transports: tuple[str, ...]
    name: str
    created_at: int
    last_used_at: int | None = None
    disabled_at: int | None = None


class ExpectedCeremony(Value, frozen=True):
    """What an answer is held against."""

    relying_party: RelyingParty
    challenge: bytes
    verify_user: bool


class Credential(Value, frozen=True):
    """An answer of a browser, read but not believed: which credential it speaks of, and for whom it says it stands."""

    credential_id: bytes
    user_handle: bytes | None
    members: Hidden[Mapping[str, object]]


class NewCredential(Value, frozen=True):
    """A credential that an authenticator has just made for us."""

    credential_id: bytes
    public_key: Hidden[bytes]
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    aaguid: str
    transports: tuple[str, ...]


class Signed(Value, frozen=True):
    """What a verified signature states of its authenticator."""

    sign_count: int
    backup_eligible: bool
    backed_up: bool
    user_verified: bool


class SignedAssertion(Value, frozen=True):
    """All that a third party needs to verify a signature again, without us."""

    challenge: bytes
    credential_id: bytes
    public_key: bytes
    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes
    user_verified: bool


def parse_name(text: str) -> str:
    """Bring what a person calls a passkey to the form in which it is kept and shown; nothing, where nothing is left."""
    return "".join(character for character in text if character.isprintable()).strip()[:MAX_NAME_LENGTH].strip()


def parse_credential(text: str) -> Credential:
    """Read a browser's answer; raise PasskeyRefused for what no browser sends.

    Spec: WEBAUTHN-7.1-25, WEBAUTHN-7.2-6
    """
    if len(text) > MAX_CREDENTIAL_LENGTH:
        raise PasskeyRefused("the answer is too long")
    members = _parse_object(text, "the answer")
    response = members.get("response")
    credential_id, user_handle = (
        members.get("rawId"),
        response.get("userHandle") if isinstance(response, dict) else None,
    )
    if not isinstance(credential_id, str) or not isinstance(user_handle, str | None):
        raise PasskeyRefused("the answer has members of the wrong types")
    try:
        raw_id = _decode(credential_id)
        handle = None if user_handle is None else _decode(user_handle)
    except ValueError as error:
        raise PasskeyRefused("the answer is not base64url") from error
    if not 1 <= len(raw_id) <= MAX_CREDENTIAL_ID_BYTES:
        raise PasskeyRefused("the credential id has no length that one may have")
    return Credential(raw_id, handle, members)


def check_owner(credential: Credential, signed: Signed, passkey: Passkey, *, found_by_handle: bool) -> None:
    """Raise PasskeyRefused where a signature is not that of the passkey's owner, or its key is not what it was.

    `found_by_handle`: nobody was named before, so the authenticator must name the account.

    Spec: WEBAUTHN-7.2-6, WEBAUTHN-6.1.3
    """
    if credential.user_handle is None and found_by_handle:
        raise PasskeyRefused("the authenticator names no account")
    if credential.user_handle is not None and credential.user_handle != passkey.account_id.encode():
        raise PasskeyRefused("the authenticator names another account")
    if signed.backup_eligible != passkey.backup_eligible:
        raise PasskeyRefused("the key's backup eligibility has changed")


def check_client_data(credential: Credential) -> None:
    """Refuse an answer that was given within a frame of another site, of which the library has no opinion.

    Spec: WEBAUTHN-7.1-10, WEBAUTHN-7.2-14
    """
    client_data = _parse_object(part_of(credential, "clientDataJSON"), "the client data")
    if client_data.get("crossOrigin", False) is not False or "topOrigin" in client_data:
        raise PasskeyRefused("the answer comes out of a frame of another origin")
    if not all(isinstance(client_data.get(name), str) for name in ("type", "challenge", "origin")):
        raise PasskeyRefused("the client data has members of the wrong types")


def part_of(credential: Credential, name: str) -> bytes:
    """Return an octet string of the authenticator's response."""
    response = credential.members.get("response")
    text = response.get(name) if isinstance(response, dict) else None
    if not isinstance(text, str):
        raise PasskeyRefused(f"the answer has no {name}")
    try:
        return _decode(text)
    except ValueError as error:
        raise PasskeyRefused(f"{name} is not base64url") from error


def _parse_object(text: str | bytes, what: str) -> dict[str, object]:
    try:
        members = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise PasskeyRefused(f"{what} is no JSON") from error
    if not isinstance(members, dict):
        raise PasskeyRefused(f"{what} is no JSON object")
    return members


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def transports_of(credential: Credential) -> tuple[str, ...]:
    """Return the ways by which the browser says that the authenticator can be reached, as far as we know them."""
    response = credential.members.get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    listed = named if isinstance(named, list) else []
    return tuple(sorted({each for each in listed if isinstance(each, str) and each in TRANSPORTS}))


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
