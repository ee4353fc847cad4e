"""What a set of factors is worth: the one table from methods to assurance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from authserver.protocol.names import ACR_ONE_FACTOR, ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS
from authserver.sessions.model import Factor

KNOWLEDGE: Final = "knowledge"
POSSESSION: Final = "possession"
USER_VERIFICATION: Final = "user_verification"
"""What an authenticator asked of its user before it signed, a PIN or a fingerprint: it does not tell which."""

PASSWORD: Final = "pwd"  # noqa: S105 - a method's name
TOTP: Final = "otp"
RECOVERY: Final = "recovery"
DEVICE_KEY: Final = "hwk"
SYNCED_KEY: Final = "swk"
VERIFIED_DEVICE_KEY: Final = "hwk+uv"
VERIFIED_SYNCED_KEY: Final = "swk+uv"
PASSKEY_METHODS: Final = frozenset({DEVICE_KEY, SYNCED_KEY, VERIFIED_DEVICE_KEY, VERIFIED_SYNCED_KEY})

_TWO_CATEGORIES: Final = 2
_MULTIPLE_FACTORS: Final = "mfa"


@dataclass(frozen=True, slots=True)
class Method:
    """What one method proves: its categories, its authentication method references, and whether it alone is `phr`.

    Spec: RFC8176-2
    """

    categories: frozenset[str]
    references: tuple[str, ...]
    phishing_resistant: bool = False


METHODS: Final[Mapping[str, Method]] = {
    PASSWORD: Method(frozenset({KNOWLEDGE}), ("pwd",)),
    TOTP: Method(frozenset({POSSESSION}), ("otp",)),
    RECOVERY: Method(frozenset({POSSESSION}), ("otp",)),
    DEVICE_KEY: Method(frozenset({POSSESSION}), ("hwk", "user")),
    SYNCED_KEY: Method(frozenset({POSSESSION}), ("swk", "user")),
    VERIFIED_DEVICE_KEY: Method(frozenset({POSSESSION, USER_VERIFICATION}), ("hwk", "user"), phishing_resistant=True),
    VERIFIED_SYNCED_KEY: Method(frozenset({POSSESSION, USER_VERIFICATION}), ("swk", "user"), phishing_resistant=True),
}
"""Every method there is. A method that is not here is worth nothing.

A passkey that may be synced says `swk`: its key is not held by one piece of hardware. Two passkeys, or a passkey and a
code, are all things that one has.
"""


def acr_for(factors: Iterable[Factor]) -> str | None:
    """Answer the assurance of a set of factors, or None if they are worth nothing.

    Two factors count as two only if they are of different categories, so that two possessions stay one factor.

    Spec: RTS-SCA-4.1, RTS-SCA-9.1, OIDCC-2
    """
    return _acr_of(tuple(factor.method for factor in factors))


@lru_cache(maxsize=256)
def _acr_of(names: tuple[str, ...]) -> str | None:
    """Answer the assurance of methods by their names; each page asks several times, and there are few answers."""
    known = _known(names)
    if any(method.phishing_resistant for method in known):
        return ACR_PHISHING_RESISTANT
    if _has_two_categories(known):
        return ACR_TWO_FACTORS
    return ACR_ONE_FACTOR if known else None


def amr_for(factors: Iterable[Factor]) -> tuple[str, ...]:
    """Answer the authentication method references of a set of factors, each once, in the order they were used.

    Spec: RFC8176-2, OIDCC-2
    """
    known = _known(factor.method for factor in factors)
    references = [reference for method in known for reference in method.references]
    if _has_two_categories(known):
        references.append(_MULTIPLE_FACTORS)
    return tuple(dict.fromkeys(references))


def _known(names: Iterable[str]) -> tuple[Method, ...]:
    return tuple(METHODS[name] for name in names if name in METHODS)


def _has_two_categories(methods: Iterable[Method]) -> bool:
    return len(frozenset[str]().union(*(method.categories for method in methods))) >= _TWO_CATEGORIES
