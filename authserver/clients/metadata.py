"""A client's metadata in the names of RFC 7591: its shape, its agreement with its profile, and the client it makes."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Literal

from authlib.oauth2.rfc7591 import ClientMetadataClaims
from authlib.oidc.registration import ClientMetadataClaims as OpenIDClientMetadataClaims
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from authserver.protocol import names
from authserver.protocol.errors import InvalidClientMetadata

CLIENT_ID = r"[\x21-\x7e]{1,255}"
"""What a client id can be, wherever one is registered or looked up."""

_Text = Annotated[str, Field(max_length=2048)]
_LIMIT = "[1-9][0-9]{0,8}/(second|minute|hour|day)"
_Limits = Annotated[str, Field(max_length=255, pattern=f"^{_LIMIT}(;{_LIMIT})*$")]
DEFAULT_ALGORITHM = "ES256"
SIGNED_ANSWERS = ("id_token_signed_response_alg", "introspection_signed_response_alg")
AS_JWT: Literal["jwt"] = "jwt"
_SHAPE_CLAUSE = "RFC7591-2"
_ENCRYPTION = ("introspection_encrypted_response_alg", "introspection_encrypted_response_enc")


class ClientMetadata(BaseModel):
    """The members a registration may hold; any other is refused, so that nothing is set that was not meant.

    Spec: RFC7591-2, OIDCR-2, RFC8705-2.1.2, RFC8705-3.4, RFC9126-6, RFC9449-5.2, RFC9396-10, RFC9701-6
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    client_id: Annotated[str, Field(pattern=f"^{CLIENT_ID}$")] | None = None
    profile: str | None = None
    client_name: Annotated[str, Field(max_length=255)] = ""
    client_uri: _Text | None = None
    logo_uri: _Text | None = None
    policy_uri: _Text | None = None
    tos_uri: _Text | None = None
    contacts: list[_Text] = []
    checked_by: Annotated[str, Field(max_length=100)] | None = None
    checked_on: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    software_id: _Text | None = None
    software_version: _Text | None = None
    application_type: Literal["web", "native"] = "web"
    redirect_uris: Annotated[list[_Text], Field(max_length=50)] = []
    grant_types: list[_Text] = [names.GRANT_AUTHORIZATION_CODE]
    response_types: list[_Text] | None = None
    scope: Annotated[str, Field(max_length=4096)] = ""
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
    introspection_signed_response_alg: _Text = DEFAULT_ALGORITHM
    default_acr_values: list[_Text] = []
    default_max_age: Annotated[int, Field(ge=0)] | None = None
    require_auth_time: bool = False
    refresh_rotation: Literal["confirm", "strict", "never"] | None = None
    request_limit: _Limits | None = None
    authorization_details_types: Annotated[list[_Text], Field(max_length=32)] = []
    resource: Annotated[list[_Text], Field(max_length=8)] = []
    resource_scopes: Annotated[str, Field(max_length=4096)] = ""
    access_token_format: Literal["jwt", "opaque"] = AS_JWT


def parse_metadata(document: object) -> ClientMetadata:
    """Parse a registration's JSON object.

    Raises InvalidClientMetadata naming the first member that is unknown or of the wrong type.

    Spec: RFC7591-3.2.2
    """
    if not isinstance(document, dict):
        raise InvalidClientMetadata("metadata", "The metadata must be a JSON object.", clause=_SHAPE_CLAUSE)
    _check_encryption(document)
    try:
        metadata = ClientMetadata.model_validate(document)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        member = str(fault["loc"][0]) if fault["loc"] else "metadata"
        raise InvalidClientMetadata(member, _describe(member, fault["msg"]), clause=_SHAPE_CLAUSE) from error
    _check_as_authlib_does(document)
    return metadata


def _describe(member: str, message: str) -> str:
    """Return what is wrong with a member: that there is none of that name, or what its value should be."""
    if member in ClientMetadata.model_fields:
        if "\\" in message:  # a pattern, which no error description may hold
            return f"The member {member} is malformed."
        return f"The member {member} is malformed: {message[:1].lower()}{message[1:]}."
    near = get_close_matches(member, ClientMetadata.model_fields, n=1)
    return "There is no such member" + (f"; did you mean {near[0]}?" if near else ".")


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
            raise InvalidClientMetadata(
                "metadata", "The metadata does not follow RFC 7591.", clause=_SHAPE_CLAUSE
            ) from error
