"""The origins of a registration: whose scripts in a browser may read what its client is answered."""

from collections.abc import Iterable, Mapping

from authserver.profiles.model import Profile
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.names import NO_AUTHENTICATION
from authserver.protocol.origin import is_origin, origin_of

_MEMBER = "allowed_cors_origins"


def check_browser_origins(origins: Iterable[str], profile: Profile) -> None:
    """Check the origins that a registration names.

    Raises InvalidClientMetadata for what is no origin, and for any where no script in a browser is a client.

    Spec: RFC9700-2.6-5
    """
    for origin in origins:
        if not profile.browser_scripts_allowed:
            raise InvalidClientMetadata(
                _MEMBER,
                f"Under the profile {profile.name} no script in a browser is a client.",
                clause=profile.clause("browser_scripts_allowed"),
            )
        if not is_origin(origin):
            raise InvalidClientMetadata(
                _MEMBER,
                "Each must be an origin such as https://app.example, without a path; http is for localhost alone.",
                clause="RFC6454-6.2",
            )


def browser_origins(document: Mapping[str, object]) -> frozenset[str]:
    """Return the origins of a registration that was accepted.

    They are those that it names, or else those at which a client without a credential is answered.

    Spec: RFC9700-2.6-5
    """
    named = document.get(_MEMBER)
    if isinstance(named, list | tuple):
        return frozenset(named)
    uris = document.get("redirect_uris")
    if document.get("token_endpoint_auth_method") != NO_AUTHENTICATION or not isinstance(uris, list | tuple):
        return frozenset()
    return frozenset(origin for origin in map(origin_of, uris) if origin is not None)
