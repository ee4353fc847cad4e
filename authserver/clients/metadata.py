"""A client's metadata in the names of RFC 7591: its shape, its agreement with its profile, and the client it makes."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_type_hints

from authlib.oauth2.rfc7591 import ClientMetadataClaims
from authlib.oidc.registration import ClientMetadataClaims as OpenIDClientMetadataClaims
from msgspec import Meta

from authserver.clients.members import find_fault
from authserver.protocol import names
from authserver.protocol.errors import InvalidClientMetadata
from authserver.values import Value

CLIENT_ID = r"[\x21-\x7e]{1,255}"
"""What a client id can be, wherever one is registered or looked up."""

_Text = Annotated[str, Meta(max_length=2048)]
_LIMIT = "[1-9][0-9]{0,8}/(second|minute|hour|day)"
_Limits = Annotated[str, Meta(max_length=255, pattern=f"^{_LIMIT}(;{_LIMIT})*$")]
DEFAULT_ALGORITHM = "ES256"
SIGNED_ANSWERS = ("id_token_signed_response_alg", "introspection_signed_response_alg")
AS_JWT: Literal["jwt"] = "jwt"
_SHAPE_CLAUSE = "RFC7591-2"
_ENCRYPTION = ("introspection_encrypted_response_alg", "introspection_encrypted_response_enc")


class ClientMetadata(Value, frozen=True, kw_only=True):
    """The members a registration may hold; any other is refused, so that nothing is set that was not meant.

    Spec: RFC7591-2, OIDCR-2, RFC8705-2.1.2, RFC8705-3.4, RFC9126-6, RFC9449-5.2, RFC9396-10, RFC9701-6,
    OIDCBCL-2.2, OIDCFCL-2
    """

    client_id: Annotated[str, Meta(pattern=f"^{CLIENT_ID}$")] | None = None
    profile: str | None = None
    client_name: Annotated[str, Meta(max_length=255)] = ""
    client_uri: _Text | None = None
    logo_uri: _Text | None = None
    policy_uri: _Text | None = None
    tos_uri: _Text | None = None
    contacts: tuple[_Text, ...] = ()
    checked_by: Annotated[str, Meta(max_length=100)] | None = None
    checked_on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    software_id: _Text | None = None
    software_version: _Text | None = None
    application_type: Literal["web", "native"] = "web"
    redirect_uris: Annotated[tuple[_Text, ...], Meta(max_length=50)] = ()
    post_logout_redirect_uris: Annotated[tuple[_Text, ...], Meta(max_length=50)] = ()
    allowed_cors_origins: Annotated[tuple[_Text, ...], Meta(max_length=50)] | None = None
    grant_types: tuple[_Text, ...] = (names.GRANT_AUTHORIZATION_CODE,)
    response_types: tuple[_Text, ...] | None = None
    scope: Annotated[str, Meta(max_length=4096)] = ""
    subject_type: Literal["public"] = "public"
    token_endpoint_auth_method: _Text = names.PRIVATE_KEY_JWT
    token_endpoint_auth_signing_alg: _Text | None = None
    jwks: dict[str, object] | None = None
    jwks_uri: _Text | None = None
    tls_client_auth_subject_dn: _Text | None = None
    tls_client_auth_san_dns: _Text | None = None
    tls_client_auth_san_uri: _Text | None = None
    tls_client_auth_san_ip: _Text | None = None
    tls_client_auth_san_email: _Text | None = None
    tls_client_certificate_bound_access_tokens: bool = False
    dpop_bound_access_tokens: bool = False
    require_pushed_authorization_requests: bool = False
    id_token_signed_response_alg: _Text = DEFAULT_ALGORITHM
    id_token_claims: Annotated[tuple[_Text, ...], Meta(max_length=32)] = ()
    introspection_signed_response_alg: _Text = DEFAULT_ALGORITHM
    request_object_signing_alg: _Text | None = None
    require_signed_request_object: bool = False
    authorization_signed_response_alg: _Text | None = None
    default_acr_values: tuple[_Text, ...] = ()
    default_max_age: Annotated[int, Meta(ge=0)] | None = None
    require_auth_time: bool = False
    refresh_rotation: Literal["confirm", "strict", "never"] | None = None
    request_limit: _Limits | None = None
    authorization_details_types: Annotated[tuple[_Text, ...], Meta(max_length=32)] = ()
    resource: Annotated[tuple[_Text, ...], Meta(max_length=8)] = ()
    resource_scopes: Annotated[str, Meta(max_length=4096)] = ""
    access_token_format: Literal["jwt", "opaque"] = AS_JWT
    backchannel_logout_uri: _Text | None = None
    backchannel_logout_session_required: bool = False
    frontchannel_logout_uri: _Text | None = None
    frontchannel_logout_session_required: bool = False


_MEMBERS = get_type_hints(ClientMetadata, include_extras=True)
"""Every member with its type."""


def parse_metadata(document: object) -> ClientMetadata:
    """Parse a registration's JSON object; raises what `read_members` raises."""
    members = read_members(document)
    values: dict[str, Any] = {name: tuple(each) if type(each) is list else each for name, each in members.items()}
    return ClientMetadata(**values)


def read_members(document: object) -> dict[str, Any]:
    """Return the members that a registration's JSON object gives, each with a value of its type.

    Raises InvalidClientMetadata naming the first member that is of the wrong type, or else one that is unknown.

    Spec: RFC7591-3.2.2
    """
    if not isinstance(document, dict):
        raise _refusal("metadata", "The metadata must be a JSON object.")
    _check_encryption(document)
    members = {name: document[name] for name in _MEMBERS if name in document}
    for name, value in members.items():
        fault = find_fault(_MEMBERS[name], value)
        if fault:
            raise _refusal(name, _describe(name, fault))
    for name in document:
        if name not in members:
            raise _unknown(str(name))
    _check_as_authlib_does(document)
    return members


def _describe(member: str, fault: str) -> str:
    if "\\" in fault:  # a pattern, which no error description may hold
        return f"The member {member} is malformed."
    return f"The member {member} is malformed: {fault}."


def _unknown(name: str) -> InvalidClientMetadata:
    near = get_close_matches(name, _MEMBERS, n=1)
    description = "There is no such member" + (f"; did you mean {near[0]}?" if near else ".")
    return _refusal("metadata" if find_fault(str, name) else name, description)


def _refusal(member: str, description: str) -> InvalidClientMetadata:
    return InvalidClientMetadata(member, description, clause=_SHAPE_CLAUSE)


def _check_encryption(document: Mapping[str, object]) -> None:
    """Refuse what asks for encrypted answers: to send them in the clear would break the word given.

    Spec: RFC9701-6
    """
    for member in _ENCRYPTION:
        if member in document:
            raise InvalidClientMetadata(
                member, "Introspection responses can be signed but not encrypted.", clause="RFC9701-6"
            )


def _check_as_authlib_does(document: Mapping[str, object]) -> None:
    """Apply Authlib's rules for the RFC 7591 and OpenID registration claims, but for redirect URIs.

    Authlib knows no private-use schemes; redirect URIs have a stricter rule of our own.
    """
    claims = {name: value for name, value in document.items() if name != "redirect_uris"}
    for check in (ClientMetadataClaims, OpenIDClientMetadataClaims):
        try:
            check(dict(claims), {}).validate()
        except Exception as error:  # whatever Authlib raises about a member is a refusal of the metadata
            member = getattr(error, "claim", None) or "metadata"
            raise _refusal(str(member), "The metadata does not follow RFC 7591.") from error
