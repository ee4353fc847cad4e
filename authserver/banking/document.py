"""Reading a proof from a file that anyone may have written: every member known, each once, each of its type."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final, Never

from authserver.banking.evidence import FORMATS, Assertion, Evidence, encode

MAX_BYTES: Final = 64 * 1024
_LATEST: Final = 2**53 - 1


class ProofMalformed(Exception):
    """The file is no proof of this format; the text says why."""


def load_evidence(data: bytes) -> Evidence:
    """Return the evidence in a proof's bytes.

    Raises ProofMalformed. A member given twice, one that the format does not know, a number that is no whole one:
    whatever two programs might read differently is refused.

    Spec: RFC7493-2.3, RFC7493-2.1
    """
    members = load_object(data)
    if _text(members, "format") not in FORMATS:
        raise ProofMalformed(f"format is none of {', '.join(FORMATS)}")
    linked = _boolean(members, "linked")
    known = _COMMON | _OF_ASSERTION if linked else _COMMON
    for name in known - members.keys():
        raise ProofMalformed(f"{name} is missing")
    for name in members.keys() - known:
        raise ProofMalformed(f"{name!r} is not a member of this format")
    return Evidence(
        approval_id=_text(members, "approval_id"),
        subject=_text(members, "subject"),
        client_id=_text(members, "client_id"),
        payment=_object(members, "payment"),
        language=_text(members, "language"),
        text=_text(members, "text"),
        nonce=_octets(members, "nonce"),
        method=_text(members, "method"),
        approved_at=_moment(members, "approved_at"),
        assertion=_assertion(members) if linked else None,
        format=_text(members, "format"),
    )


def load_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in some bytes; raises ProofMalformed for anything else, and for a member given twice."""
    if len(data) > MAX_BYTES:
        raise ProofMalformed(f"it is longer than {MAX_BYTES} bytes")
    try:
        found = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_each_once,
            parse_constant=_refuse_number,
            parse_float=_refuse_number,
        )
    except (ValueError, RecursionError) as error:
        raise ProofMalformed("it is not JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise ProofMalformed("it is not a JSON object")
    _check_characters(found)
    return found


_COMMON: Final = frozenset({
    "format", "linked", "approval_id", "subject", "client_id", "payment", "language", "text", "nonce", "method",
    "approved_at",
})  # fmt: skip
_OF_ASSERTION: Final = frozenset({
    "rp_id", "origin", "credential_id", "credential_public_key", "clientDataJSON", "authenticatorData", "signature",
    "user_verified",
})  # fmt: skip


def _assertion(members: Mapping[str, Any]) -> Assertion:
    return Assertion(
        rp_id=_text(members, "rp_id"),
        origin=_text(members, "origin"),
        credential_id=_octets(members, "credential_id"),
        credential_public_key=_octets(members, "credential_public_key"),
        client_data_json=_octets(members, "clientDataJSON"),
        authenticator_data=_octets(members, "authenticatorData"),
        signature=_octets(members, "signature"),
        user_verified=_boolean(members, "user_verified"),
    )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ProofMalformed("a member is given twice")
    return members


def _refuse_number(text: str) -> Never:
    raise ProofMalformed(f"{text[:32]} is not a whole number")


def _check_characters(value: object) -> None:
    """Raise ProofMalformed for half a surrogate pair, which JSON can write and UTF-8 cannot.

    Writing goes a step deeper than reading, so that what was just read may be too deep to write.
    """
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ProofMalformed("a text holds half a character") from error
    except RecursionError as error:
        raise ProofMalformed("it holds brackets within brackets without end") from error


def _member(members: Mapping[str, Any], name: str, kind: type, wanted: str) -> Any:  # noqa: ANN401 - of the kind asked for
    value = members.get(name)
    if type(value) is not kind:
        raise ProofMalformed(f"{name} is not {wanted}")
    return value


def _text(members: Mapping[str, Any], name: str) -> str:
    value: str = _member(members, name, str, "a text")
    return value


def _boolean(members: Mapping[str, Any], name: str) -> bool:
    value: bool = _member(members, name, bool, "true or false")
    return value


def _object(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    value: dict[str, Any] = _member(members, name, dict, "an object")
    return value


def _moment(members: Mapping[str, Any], name: str) -> int:
    value: int = _member(members, name, int, "a whole number of seconds")
    if not 0 <= value <= _LATEST:
        raise ProofMalformed(f"{name} is not a whole number of seconds")
    return value


def _octets(members: Mapping[str, Any], name: str) -> bytes:
    """Return bytes from the one spelling that base64url without padding has for them."""
    value = _text(members, name)
    return _decoded(value, lambda: ProofMalformed(f"{name} is not base64url without padding"))


def _decoded(value: str, refusal: Callable[[], ProofMalformed]) -> bytes:
    try:
        data = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError as error:
        raise refusal() from error
    if encode(data) != value:
        raise refusal()
    return data
