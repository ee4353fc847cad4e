"""An account, the form of a username, and the claims an operator may store about a person."""

import json
import math
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from authserver.protocol.details.bank_accounts import parse_bank_accounts
from authserver.protocol.mail_address import is_mail_address
from authserver.values import Hidden, Value

MAX_USERNAME_LENGTH: Final = 255
MAX_CLAIMS_LENGTH: Final = 8192
_MAX_TYPED_USERNAME_LENGTH: Final = 1024

SERVER_OWNED_CLAIMS: Final = frozenset({
    "_claim_names", "_claim_sources", "acr", "act", "active", "amr", "at_hash", "aud", "auth_time",
    "authorization_details", "azp", "c_hash", "client_id", "cnf", "events", "exp", "iat", "iss", "jti", "may_act",
    "nbf", "nonce", "s_hash", "scope", "sid", "sub", "sub_jwk", "token_type", "txn",
})  # fmt: skip
"""Claims that only the server itself may state, so that stored data can never speak for it."""


BANK_ACCOUNTS: Final = "bank_accounts"
"""The stored claim that lists a person's accounts at the bank; no OpenID claim, and no app is sent it."""


class Account(Value, frozen=True):
    """One person's account; `account_id` is random, never reused, and the subject identifier of every token."""

    account_id: str
    username: str
    claims: Hidden[Mapping[str, object]]
    created_at: int
    locked: bool


class Credentials(Value, frozen=True):
    """An account with its password hash, which is None for a person without a password."""

    account: Account
    password_hash: Hidden[str | None]


def parse_username(text: str) -> str | None:
    """Bring a typed username to the one form under which it is stored, or answer None for one that cannot exist.

    Compatibility forms and letter case fold together, so that no two accounts look alike by them. Control, format
    (zero-width, direction), surrogate, private and unassigned characters are refused: no honest name has them, and
    some databases reject them.
    """
    if len(text) > _MAX_TYPED_USERNAME_LENGTH:
        return None
    folded = _fold(text)
    if not 1 <= len(folded) <= MAX_USERNAME_LENGTH:
        return None
    if any(_is_unfit(unicodedata.category(character)) for character in folded):
        return None
    return folded


def _is_unfit(category: str) -> bool:
    return category.startswith("C") or category in {"Zl", "Zp"}


def _fold(text: str) -> str:
    """Fold until nothing changes: a case fold can undo the normal form and the normal form the fold."""
    folded = text
    for _ in range(4):
        previous, folded = folded, unicodedata.normalize("NFKC", folded).casefold().strip()
        if folded == previous:
            break
    return folded


def parse_claims(document: object) -> dict[str, object]:
    """Check an operator's JSON object of claims about a person and answer it as a dict.

    A standard claim must have its standard type, with or without a language tag; `bank_accounts` is a list; any other
    must be a string. Raises ValueError naming the member at fault.

    Spec: OIDCC-5.1, OIDCC-5.1.1, OIDCC-5.2
    """
    if not isinstance(document, Mapping):
        raise ValueError("the claims are not a JSON object")
    claims = dict(document)
    for name, value in claims.items():
        _check_claim(name, value)
    if len(json.dumps(claims)) > MAX_CLAIMS_LENGTH:
        raise ValueError(f"the claims are longer than {MAX_CLAIMS_LENGTH} characters of JSON")
    return claims


def _check_claim(name: object, value: object) -> None:
    if not isinstance(name, str) or not name:
        raise ValueError("a claim's name is not a string with at least one character")
    base_name = name.partition("#")[0]
    if base_name in SERVER_OWNED_CLAIMS:
        raise ValueError(f"{name}: only the server states this claim")
    wanted, is_fitting = _STANDARD_CLAIMS.get(base_name, _STRING)
    if not is_fitting(value):
        raise ValueError(f"{name}: must be {wanted}")


def _is_string(value: object) -> bool:
    """Tell a string without control characters and lone surrogates; names need their joiners and wide spaces."""
    return isinstance(value, str) and not any(unicodedata.category(character) in {"Cc", "Cs"} for character in value)


def _is_lines(value: object) -> bool:
    return isinstance(value, str) and _is_string(value.replace("\r\n", "").replace("\n", ""))


def _is_email(value: object) -> bool:
    return isinstance(value, str) and is_mail_address(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_address(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        name in _ADDRESS_MEMBERS and _is_lines(member) for name, member in value.items()
    )


def _are_bank_accounts(value: object) -> bool:
    try:
        parse_bank_accounts(value)
    except ValueError:
        return False
    return True


def _are_names(value: object) -> bool:
    return (
        isinstance(value, list) and all(each and _is_string(each) for each in value) and len(set(value)) == len(value)
    )


_NAMES_WANTED: Final = "a list of strings without control characters, none empty and none twice"
_ADDRESS_MEMBERS: Final = frozenset({
    "formatted", "street_address", "locality", "region", "postal_code", "country",
})  # fmt: skip

_STRING: Final[tuple[str, Callable[[object], bool]]] = ("a string without control characters", _is_string)
_STANDARD_CLAIMS: Final[Mapping[str, tuple[str, Callable[[object], bool]]]] = {
    "email": ("one plain address in ASCII, an international domain in its xn-- form", _is_email),
    "email_verified": ("true or false", _is_boolean),
    "phone_number_verified": ("true or false", _is_boolean),
    "address": ("an object of address members, each a string", _is_address),
    "updated_at": ("a number of seconds", _is_number),
    "groups": (_NAMES_WANTED, _are_names),
    "roles": (_NAMES_WANTED, _are_names),
    BANK_ACCOUNTS: ("a list of objects, each with an iban and a name, none twice", _are_bank_accounts),
}
"""The claims that are not plain strings; every other claim is one."""
