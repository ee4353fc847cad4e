"""What a client may say of itself when it registers itself, and what is presumed where it says nothing.

The schema is that of every registration, less what is an operator's to say. Nothing is changed in silence: what cannot
be had is refused by name.
"""

from collections.abc import Mapping
from typing import Final

from authserver.profiles.catalogue import PROFILES
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.names import CLIENT_SECRET_BASIC, SCOPE_OPENID

_OF_OPERATORS: Final = frozenset(
    {
        "client_id", "profile", "checked_by", "checked_on", "request_limit", "refresh_rotation", "resource",
        "resource_scopes", "access_token_format", "authorization_details_types",
    }
)  # fmt: skip
_NOT_PRESUMED: Final = frozenset({"groups"})  # where a person belongs is told to who asks for it by name
_CLAUSE: Final = "RFC7591-2"
_LONGEST_NAME: Final = 100


def describe_itself(document: Mapping[str, object], profile: str) -> dict[str, object]:
    """Return the registration that a client's own words make under a profile.

    Without a scope it may ask for those of OpenID Connect; without a method it gets a secret, if its profile has any.

    Raises InvalidClientMetadata for what is an operator's to say.

    Spec: RFC7591-2, RFC7591-3.1, OIDCR-3.1
    """
    for member in document:
        if member in _OF_OPERATORS:
            raise InvalidClientMetadata(member, f"The member {member} is for operators to set.", clause=_CLAUSE)
    name = document.get("client_name", "")
    if isinstance(name, str) and len(name) > _LONGEST_NAME:
        raise InvalidClientMetadata("client_name", f"A name has at most {_LONGEST_NAME} characters.", clause=_CLAUSE)
    rules = PROFILES[profile]
    presumed: dict[str, object] = {"scope": " ".join(sorted((rules.bearer_scopes | {SCOPE_OPENID}) - _NOT_PRESUMED))}
    if CLIENT_SECRET_BASIC in rules.client_authentication_methods:
        presumed["token_endpoint_auth_method"] = CLIENT_SECRET_BASIC
    return {**presumed, **document, "profile": profile}
