"""Which claims about a person a client gets: those of the scopes, and those asked for one by one."""

from collections.abc import Iterable, Mapping
from typing import Final

SCOPE_CLAIMS: Final[Mapping[str, tuple[str, ...]]] = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
"""The claims of each OpenID scope.

Spec: OIDCC-5.4
"""

STANDARD_CLAIMS: Final = tuple(name for names in SCOPE_CLAIMS.values() for name in names)


def select_claims(stored: Mapping[str, object], scope: Iterable[str], single: Iterable[str]) -> dict[str, object]:
    """Return those of a person's claims that the scope and the single requests cover, and no others.

    Spec: OIDCC-5.3.2, OIDCC-5.4, OIDCC-5.5
    """
    by_scope = (name for token in scope for name in SCOPE_CLAIMS.get(token, ()))
    wanted = dict.fromkeys((*by_scope, *(name for name in single if name in STANDARD_CLAIMS)))
    return {name: stored[name] for name in wanted if name in stored}
