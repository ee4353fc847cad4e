"""The claims about a person that have a name of their own, and the scopes that stand for them."""

from collections.abc import Mapping
from functools import lru_cache
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
    "groups": ("groups", "roles"),
}
"""The claims of each OpenID scope, and of `groups`, which is none of OpenID Connect but common to many servers.

Spec: OIDCC-5.4
"""

STANDARD_CLAIMS: Final = tuple(name for names in SCOPE_CLAIMS.values() for name in names)


@lru_cache(maxsize=1024)
def claims_of_scope(scope: frozenset[str]) -> frozenset[str]:
    """Return the claims that some scopes stand for.

    Spec: OIDCC-5.4
    """
    return frozenset(name for scope_name in scope for name in SCOPE_CLAIMS.get(scope_name, ()))
