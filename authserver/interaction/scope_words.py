"""Scopes and claims in plain words: what a person reads on the consent page."""

from collections.abc import Iterable, Mapping
from typing import Final

from authserver.messages import ENGLISH, Message
from authserver.protocol.claims import SCOPE_CLAIMS
from authserver.values import Value


class DataCluster(Value, frozen=True):
    """One thing an app would get: a title, and a sentence that says what is in it.

    Our own words are messages, which pages translate; a scope's name or an operator's description is shown as it is.
    """

    title: str
    detail: str = ""


_WORDS: Final[Mapping[str, DataCluster]] = {
    "openid": DataCluster(
        Message("Who you are here"), Message("A code that stands for your account. It says nothing else about you.")
    ),
    "profile": DataCluster(
        Message("Your name and personal details"), Message("Such as your name, birth date, picture and language.")
    ),
    "email": DataCluster(Message("Your email address"), Message("And whether it is confirmed.")),
    "address": DataCluster(Message("Your postal address")),
    "phone": DataCluster(Message("Your phone number"), Message("And whether it is confirmed.")),
    "groups": DataCluster(Message("Your groups and roles"), Message("What you belong to, and what you may do there.")),
    "accounts": DataCluster(Message("Your accounts"), Message("See account numbers, balances and transactions.")),
    "payments": DataCluster(Message("Payments"), Message("Ask for payments from your accounts.")),
    "offline_access": DataCluster(
        Message("Use while you are away"), Message("All of this also when you are not using the app.")
    ),
}
_CLAIMS: Final[Mapping[str, Message]] = {
    "name": Message("Full name"),
    "family_name": Message("Family name"),
    "given_name": Message("Given name"),
    "middle_name": Message("Middle name"),
    "nickname": Message("Nickname"),
    "preferred_username": Message("Preferred username"),
    "profile": Message("Profile page"),
    "picture": Message("Picture"),
    "website": Message("Website"),
    "gender": Message("Gender"),
    "birthdate": Message("Birth date"),
    "zoneinfo": Message("Time zone"),
    "locale": Message("Preferred language"),
    "updated_at": Message("When your details last changed"),
    "email": Message("Email address"),
    "email_verified": Message("Whether the email address is confirmed"),
    "address": Message("Postal address"),
    "phone_number": Message("Phone number"),
    "phone_number_verified": Message("Whether the phone number is confirmed"),
    "groups": Message("Groups"),
    "roles": Message("Roles"),
}
_UNKNOWN: Final = Message("There is no description of this. Ask what it means before you allow it.")


ScopeDescriptions = Mapping[str, Mapping[str, str]]
"""What an operator says of scopes: each by language, in English at the least."""


def describe_scopes(
    scopes: Iterable[str], descriptions: ScopeDescriptions, language: str = ENGLISH
) -> tuple[DataCluster, ...]:
    """Return what the scopes mean, in a fixed order: by the operator's words, else by ours, else by their quoted name.

    What a person would miss least comes last, so that access while they are away closes the list.
    """
    asked = tuple(dict.fromkeys(scopes))
    described = {scope: _describe(scope, descriptions, language) for scope in asked}
    known = [described[scope] for scope in _WORDS if scope in asked]
    others = [described[scope] for scope in asked if scope not in _WORDS]
    return (*known[:-1], *others, *known[-1:]) if "offline_access" in asked else (*known, *others)


def _describe(scope: str, descriptions: ScopeDescriptions, language: str) -> DataCluster:
    texts = descriptions.get(scope)
    if texts is not None:
        return DataCluster(texts.get(language) or texts[ENGLISH])
    return _WORDS.get(scope) or DataCluster(f"“{scope}”", _UNKNOWN)


def describe_claims(claims: Iterable[str], scopes: Iterable[str]) -> tuple[DataCluster, ...]:
    """Return what claims asked for one by one add to the scopes; those about the sign-in itself tell nothing new.

    A claim of no standard name is never given, and its name is the app's own text: it has no place on our page.

    Spec: OIDCC-5.4, OIDCC-5.5
    """
    covered = frozenset[str]().union(*(SCOPE_CLAIMS.get(scope, ()) for scope in scopes))
    return tuple(
        DataCluster(_CLAIMS[claim]) for claim in dict.fromkeys(claims) if claim in _CLAIMS and claim not in covered
    )
