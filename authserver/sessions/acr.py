"""What a set of factors is worth, by the table of their methods."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from authserver.accounts.factors.model import Method
from authserver.accounts.factors.table import METHODS
from authserver.protocol.names import ACR_ONE_FACTOR, ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS
from authserver.sessions.model import ProvedFactor

_TWO_CATEGORIES: Final = 2
_MULTIPLE_FACTORS: Final = "mfa"


def acr_for(factors: Iterable[ProvedFactor]) -> str | None:
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


def amr_for(factors: Iterable[ProvedFactor]) -> tuple[str, ...]:
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
