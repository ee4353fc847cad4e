"""Scopes in plain words: what a person reads on the consent page.

The words are message ids for the templates' translations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from authserver.issuance.claims import SCOPE_CLAIMS, STANDARD_CLAIMS


@dataclass(frozen=True, slots=True)
class DataCluster:
    """One thing an app would get: a title, and a sentence that says what is in it.

    Only our own words may go through the catalogues, which trust their messages as markup; a scope's name or an
    operator's description is shown as it is, escaped.
    """

    title: str
    detail: str = ""
    is_message: bool = True


def _(message: str) -> str:
    """Mark a text for the message catalogues; it is translated where it is shown."""
    return message


_WORDS: Final[Mapping[str, DataCluster]] = {
    "openid": DataCluster(
        _("Who you are here"), _("A code that stands for your account. It says nothing else about you.")
    ),
    "profile": DataCluster(
        _("Your name and personal details"), _("Such as your name, birth date, picture and language.")
    ),
    "email": DataCluster(_("Your email address"), _("And whether it is confirmed.")),
    "address": DataCluster(_("Your postal address")),
    "phone": DataCluster(_("Your phone number"), _("And whether it is confirmed.")),
    "accounts": DataCluster(_("Your accounts"), _("See account numbers, balances and transactions.")),
    "payments": DataCluster(_("Payments"), _("Ask for payments from your accounts.")),
    "offline_access": DataCluster(_("Use while you are away"), _("All of this also when you are not using the app.")),
}


def describe_scopes(scopes: Iterable[str], descriptions: Mapping[str, str]) -> tuple[DataCluster, ...]:
    """Return what the scopes mean, in a fixed order; unknown ones by the description given, else by their quoted name.

    What a person would miss least comes last, so that access while they are away closes the list.
    """
    asked = tuple(dict.fromkeys(scopes))
    known = [_WORDS[scope] for scope in _WORDS if scope in asked]
    others = [_own_words(scope, descriptions) for scope in asked if scope not in _WORDS]
    return (*known[:-1], *others, *known[-1:]) if "offline_access" in asked else (*known, *others)


def _own_words(scope: str, descriptions: Mapping[str, str]) -> DataCluster:
    if scope in descriptions:
        return DataCluster(descriptions[scope], is_message=False)
    return DataCluster(
        f"“{scope}”", "What this means is not described here. Ask before you allow it.", is_message=False
    )


def describe_claims(claims: Iterable[str], scopes: Iterable[str]) -> tuple[DataCluster, ...]:
    """Return what claims asked for one by one add to the scopes; those about the sign-in itself tell nothing new.

    A claim of no standard name is never given, and its name is the app's own text: it has no place on our page.

    Spec: OIDCC-5.4, OIDCC-5.5
    """
    covered = frozenset[str]().union(*(SCOPE_CLAIMS.get(scope, ()) for scope in scopes))
    extra = [claim for claim in dict.fromkeys(claims) if claim in STANDARD_CLAIMS and claim not in covered]
    return tuple(DataCluster(claim.replace("_", " ").capitalize(), is_message=False) for claim in extra)
