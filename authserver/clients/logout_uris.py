"""Where a client is told that a session has ended."""

from urllib.parse import urlsplit

from authserver.clients.metadata import ClientMetadata
from authserver.clients.model import LogoutUris
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.origin import origin_of
from authserver.protocol.redirect_uri import find_registration_fault

_HTTPS_PORT = 443


def parse_logout_uris(metadata: ClientMetadata) -> LogoutUris:
    """Return where a client is told that a session has ended.

    Raises InvalidClientMetadata for an address that is no https URL without a fragment, and for a page to be framed
    that is not of a site to which the client's people are led anyway.

    Spec: OIDCBCL-2.2, OIDCFCL-2
    """
    backchannel, frontchannel = metadata.backchannel_logout_uri, metadata.frontchannel_logout_uri
    if backchannel is not None:
        _check("backchannel_logout_uri", backchannel, "OIDCBCL-2.2")
    if frontchannel is not None:
        _check("frontchannel_logout_uri", frontchannel, "OIDCFCL-2")
        if origin_of(frontchannel) is None:
            raise InvalidClientMetadata(
                "frontchannel_logout_uri", "Its host has no name that a browser would frame.", clause="OIDCFCL-2"
            )
        if _site(frontchannel) not in {_site(uri) for uri in metadata.redirect_uris}:
            raise InvalidClientMetadata(
                "frontchannel_logout_uri",
                "It must have the scheme, the host and the port of a registered redirect URI.",
                clause="OIDCFCL-2",
            )
    return LogoutUris(backchannel, frontchannel)


def _check(member: str, uri: str, clause: str) -> None:
    fault = find_registration_fault(uri, plain_http_to_loopback=False)
    if fault is None and urlsplit(uri).scheme != "https":
        fault = "must use https"
    if fault is not None:
        raise InvalidClientMetadata(member, f"An address in {member} {fault}.", clause=clause)


def _site(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    default = _HTTPS_PORT if parts.scheme == "https" else None
    return parts.scheme, parts.hostname, parts.port or default
