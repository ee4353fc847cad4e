"""The metadata document, true to the deployment, and its check at boot with Authlib's models."""

from collections.abc import Iterable, Mapping
from typing import Final

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from authserver.messages import LANGUAGES
from authserver.profiles.model import Profile
from authserver.protocol import names, urls
from authserver.protocol.claims import STANDARD_CLAIMS
from authserver.values import Value

_PATHS: Final = {
    "authorization_endpoint": urls.AUTHORIZE,
    "pushed_authorization_request_endpoint": urls.PUSHED_REQUEST,
    "token_endpoint": urls.TOKEN,
    "introspection_endpoint": urls.INTROSPECTION,
    "revocation_endpoint": urls.REVOCATION,
    "userinfo_endpoint": urls.USERINFO,
    "jwks_uri": urls.JWKS,
}
_MTLS_ALIASES: Final = (
    "pushed_authorization_request_endpoint",
    "token_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
)
_SIGN_OUT_MEMBERS: Final = (
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "frontchannel_logout_session_supported",
)
_SIGN_IN_CLAIMS: Final = ("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid", "at_hash")


class Deployment(Value, frozen=True):
    """What the metadata depends on: origins, the profiles that clients may have, algorithms that sign, what APIs serve.

    `scopes` and `detail_types` are those of the APIs that there are.
    """

    issuer: str
    mtls_origin: str
    profiles: tuple[Profile, ...]
    scopes: tuple[str, ...]
    detail_types: tuple[str, ...]
    signing_algorithms: frozenset[str]
    registers_clients: bool = False


def describe_deployment(deployment: Deployment) -> Mapping[str, object]:
    """Return the metadata document; a member that does not apply is left out, never null or empty.

    Spec: RFC8414-2, OIDCD-3, RFC9126-5, RFC8705-3.3, RFC8705-5, RFC9449-5.1, RFC9207-2.3, RFC9207-3,
    FAPI2-SP-FINAL-5.3.2.1-1, RFC9700-2.6-1, RFC9396-10, RFC9701-7, OIDCBCL-2.1, OIDCFCL-3, JARM-4
    """
    methods = _union(profile.client_authentication_methods for profile in deployment.profiles)
    assertion_algorithms = _union(profile.signing_algorithms for profile in deployment.profiles)
    permitted = set(_union(profile.id_token_algorithms for profile in deployment.profiles))
    signing = sorted(permitted & deployment.signing_algorithms)
    document: dict[str, object] = {
        "issuer": deployment.issuer,
        **{member: deployment.issuer + path for member, path in _PATHS.items()},
        "scopes_supported": list(dict.fromkeys((*names.SCOPES_OF_OPENID, *deployment.scopes))),
        "response_types_supported": _union(profile.response_types for profile in deployment.profiles),
        "response_modes_supported": _union(profile.response_modes for profile in deployment.profiles),
        "grant_types_supported": _union(profile.grant_types for profile in deployment.profiles),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": signing,
        "introspection_signing_alg_values_supported": signing,
        "authorization_signing_alg_values_supported": signing,
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [*_SIGN_IN_CLAIMS, *STANDARD_CLAIMS],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": assertion_algorithms,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "require_pushed_authorization_requests": all(
            profile.pushed_requests_required for profile in deployment.profiles
        ),
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_signing_alg_values_supported": ["ES256", "PS256", "Ed25519", "EdDSA"],
        "acr_values_supported": list(names.ACR_LADDER),
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": list(LANGUAGES),
        **dict.fromkeys(_SIGN_OUT_MEMBERS, True),
        **_authentication_members(methods, assertion_algorithms),
    }
    if deployment.registers_clients:
        document["registration_endpoint"] = deployment.issuer + urls.REGISTRATION
    document["end_session_endpoint"] = deployment.issuer + urls.END_SESSION
    if names.GRANT_DEVICE_CODE in _union(profile.grant_types for profile in deployment.profiles):
        document["device_authorization_endpoint"] = deployment.issuer + urls.DEVICE_AUTHORIZATION
    if deployment.detail_types:
        document["authorization_details_types_supported"] = list(deployment.detail_types)
    if deployment.mtls_origin != deployment.issuer:
        document["mtls_endpoint_aliases"] = {name: deployment.mtls_origin + _PATHS[name] for name in _MTLS_ALIASES}
    return document


def check_metadata(document: Mapping[str, object]) -> None:
    """Check the document with Authlib's RFC 8414 and OpenID models.

    Raises ValueError with what is wrong.

    Spec: RFC8414-2, OIDCD-3
    """
    AuthorizationServerMetadata(document).validate()
    _ProviderMetadata(document).validate()


class _ProviderMetadata(OpenIDProviderMetadata):  # type: ignore[misc]  # Authlib has no types
    """Authlib's model, less its demand for RS256, which a deployment without plain OpenID clients must not offer.

    Spec: FAPI2-SP-FINAL-5.4.1-1
    """

    def validate_id_token_signing_alg_values_supported(self) -> None:
        """Check that there is a list of algorithms."""
        if not self.get("id_token_signing_alg_values_supported"):
            raise ValueError('"id_token_signing_alg_values_supported" is required')


def _authentication_members(methods: list[str], algorithms: list[str]) -> dict[str, object]:
    """Return which methods authenticate clients, endpoint by endpoint: all at each, but that introspection needs one.

    Spec: RFC8414-2, RFC7662-2.1
    """
    members: dict[str, object] = {}
    credentials = [method for method in methods if method != names.NO_AUTHENTICATION]
    for endpoint in ("token_endpoint", "introspection_endpoint", "revocation_endpoint"):
        permitted = credentials if endpoint == "introspection_endpoint" else methods
        members[f"{endpoint}_auth_methods_supported"] = permitted
        members[f"{endpoint}_auth_signing_alg_values_supported"] = algorithms
    return members


def _union(values: Iterable[Iterable[str]]) -> list[str]:
    return sorted({value for group in values for value in group})
