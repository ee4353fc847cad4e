"""From metadata to a client, in agreement with its profile and with itself."""

from msgspec.structs import asdict

from authserver.clients.browser_origins import browser_origins, check_browser_origins
from authserver.clients.certificate_members import read_certificate_subject
from authserver.clients.display import parse_shown
from authserver.clients.logout_uris import parse_logout_uris
from authserver.clients.metadata import AS_JWT, SIGNED_ANSWERS, ClientMetadata
from authserver.clients.model import Client, ResourceServer
from authserver.clients.signing import message_signing
from authserver.keys.jwks import check_public_jwks, parse_jwks
from authserver.keys.model import EMPTY_KEYS, PublicKeys
from authserver.profiles.catalogue import DEFAULT_PROFILE, PROFILES
from authserver.profiles.model import Profile
from authserver.protocol import names
from authserver.protocol.details.registry import TYPES
from authserver.protocol.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidScope, InvalidTarget
from authserver.protocol.redirect_uri import find_registration_fault
from authserver.protocol.resource import parse_resources
from authserver.protocol.scope import parse_scope


def build_client(metadata: ClientMetadata, *, client_id: str, secret_hash: bytes | None, version: int = 1) -> Client:
    """Return the client that the metadata describes.

    Raises InvalidClientMetadata, with the clause, where it breaks its profile or contradicts itself.

    Spec: FAPI2-SP-FINAL-5.3.2.1-3, FAPI2-SP-FINAL-5.3.2.1-6
    """
    profile = _find_profile(metadata.profile)
    _check(metadata, profile)
    keys, must_push = _parse_keys(metadata), profile.pushed_requests_required
    return Client(
        client_id=client_id,
        profile=profile,
        client_name=metadata.client_name or client_id,
        redirect_uris=metadata.redirect_uris,
        grant_types=frozenset(metadata.grant_types),
        response_types=frozenset(response_types(metadata)),
        scope=frozenset(_scope(metadata.scope, "scope")),
        token_endpoint_auth_method=metadata.token_endpoint_auth_method,
        token_endpoint_auth_signing_alg=metadata.token_endpoint_auth_signing_alg,
        keys=keys,
        jwks_uri=metadata.jwks_uri,
        certificate_subject=read_certificate_subject(metadata),
        registered_certificates=keys.x5c_certificates(),
        secret_hash=secret_hash,
        certificate_bound_access_tokens=metadata.tls_client_certificate_bound_access_tokens,
        dpop_bound_access_tokens=metadata.dpop_bound_access_tokens,
        require_pushed_authorization_requests=metadata.require_pushed_authorization_requests or must_push,
        id_token_signed_response_alg=metadata.id_token_signed_response_alg,
        introspection_signed_response_alg=metadata.introspection_signed_response_alg,
        signing=message_signing(metadata, profile),
        default_acr_values=metadata.default_acr_values,
        default_max_age=metadata.default_max_age,
        require_auth_time=metadata.require_auth_time,
        refresh_rotation=metadata.refresh_rotation,
        request_limit=metadata.request_limit,
        client_uri=metadata.client_uri,
        logo_uri=metadata.logo_uri,
        policy_uri=metadata.policy_uri,
        tos_uri=metadata.tos_uri,
        resource_server=_resource_server(metadata, client_id),
        version=version,
        disabled=False,
        authorization_details_types=frozenset(metadata.authorization_details_types),
        checked=parse_shown(metadata),
        id_token_claims=metadata.id_token_claims,
        post_logout_redirect_uris=tuple(metadata.post_logout_redirect_uris),
        browser_origins=browser_origins(asdict(metadata)),
        logout_uris=parse_logout_uris(metadata),
    )


def _check(metadata: ClientMetadata, profile: Profile) -> None:
    _check_authentication(metadata, profile)
    _check_grants(metadata, profile)
    _check_redirect_uris(metadata, profile)
    check_browser_origins(metadata.allowed_cors_origins or (), profile)
    _check_urls(metadata)
    _check_scope(metadata, profile)
    _check_detail_types(metadata, profile)


def _find_profile(name: str | None) -> Profile:
    profile = PROFILES.get(name) if name else DEFAULT_PROFILE
    if profile is None:
        known = ", ".join(sorted(PROFILES))
        raise InvalidClientMetadata("profile", f"The profile must be one of: {known}.", clause="RFC7591-2")
    return profile


def _check_authentication(metadata: ClientMetadata, profile: Profile) -> None:
    method = metadata.token_endpoint_auth_method
    if method not in profile.client_authentication_methods:
        raise InvalidClientMetadata(
            "token_endpoint_auth_method",
            f"The profile {profile.name} permits: {', '.join(sorted(profile.client_authentication_methods))}.",
            clause=profile.clause("client_authentication_methods"),
        )
    algorithm = metadata.token_endpoint_auth_signing_alg
    if algorithm is not None and algorithm not in profile.signing_algorithms:
        raise InvalidClientMetadata(
            "token_endpoint_auth_signing_alg",
            f"The profile {profile.name} permits: {', '.join(sorted(profile.signing_algorithms))}.",
            clause=profile.clause("signing_algorithms"),
        )
    for member in SIGNED_ANSWERS:
        if getattr(metadata, member) not in profile.id_token_algorithms:
            raise InvalidClientMetadata(
                member,
                f"The profile {profile.name} permits: {', '.join(sorted(profile.id_token_algorithms))}.",
                clause=profile.clause("id_token_algorithms"),
            )
    if metadata.jwks is not None and metadata.jwks_uri is not None:
        raise InvalidClientMetadata(
            "jwks_uri", "The metadata must contain only one of jwks and jwks_uri.", clause="RFC7591-2"
        )
    needs_keys = method in {names.PRIVATE_KEY_JWT, names.SELF_SIGNED_TLS_CLIENT_AUTH}
    if needs_keys and metadata.jwks is None and metadata.jwks_uri is None:
        raise InvalidClientMetadata("jwks", f"{method} needs jwks or jwks_uri.", clause="RFC7591-2")
    if method == names.NO_AUTHENTICATION:
        _check_public(metadata, profile)


def _check_public(metadata: ClientMetadata, profile: Profile) -> None:
    """Refuse what a client without a credential cannot be trusted with.

    Spec: RFC6749-2.1, RFC6749-4.4.2, RFC7662-2.1, RFC9700-2.2.2
    """
    if names.GRANT_CLIENT_CREDENTIALS in metadata.grant_types:
        raise InvalidClientMetadata(
            "grant_types", "client_credentials needs a client that authenticates.", clause="RFC6749-4.4.2"
        )
    if metadata.resource:
        raise InvalidClientMetadata("resource", "An API must be able to authenticate.", clause="RFC7662-2.1")
    if metadata.refresh_rotation == "never" and not _is_bound(metadata, profile):
        raise InvalidClientMetadata(
            "refresh_rotation", "Without a credential or bound tokens, refresh tokens rotate.", clause="RFC9700-2.2.2"
        )


def _check_grants(metadata: ClientMetadata, profile: Profile) -> None:
    if not set(metadata.grant_types) <= profile.grant_types:
        raise InvalidClientMetadata(
            "grant_types",
            f"The profile {profile.name} permits: {', '.join(sorted(profile.grant_types))}.",
            clause=profile.clause("grant_types"),
        )
    if not set(response_types(metadata)) <= profile.response_types:
        raise InvalidClientMetadata(
            "response_types", "The only response type is code.", clause=profile.clause("response_types")
        )
    people = {names.GRANT_AUTHORIZATION_CODE, names.GRANT_DEVICE_CODE}
    if names.GRANT_REFRESH_TOKEN in metadata.grant_types and not people & set(metadata.grant_types):
        raise InvalidClientMetadata(
            "grant_types", "refresh_token goes with authorization_code or the device code.", clause="RFC7591-2.1"
        )
    unknown = set(metadata.default_acr_values) - set(names.ACR_LADDER)
    if unknown:
        raise InvalidClientMetadata(
            "default_acr_values", f"Each acr must be one of: {', '.join(names.ACR_LADDER)}.", clause="OIDCR-2"
        )


def _check_redirect_uris(metadata: ClientMetadata, profile: Profile) -> None:
    if _uses_code(metadata) and not metadata.redirect_uris:
        raise InvalidRedirectUri("redirect_uris", "At least one redirect URI is required.", clause="RFC6749-3.1.2.2")
    for member in ("redirect_uris", "post_logout_redirect_uris"):
        for uri in getattr(metadata, member):
            fault = find_registration_fault(uri, plain_http_to_loopback=profile.plain_http_redirects_to_loopback)
            if fault is not None:
                clause = profile.clause("plain_http_redirects_to_loopback")
                raise InvalidRedirectUri(member, f"A redirect URI {fault}.", clause=clause)


def _check_scope(metadata: ClientMetadata, profile: Profile) -> None:
    """Refuse scopes that reach data for a client whose tokens anyone could use who finds them.

    Spec: RFC9700-2.2.1
    """
    excess = set(_scope(metadata.scope, "scope")) - profile.bearer_scopes
    if excess and not _is_bound(metadata, profile):
        raise InvalidClientMetadata(
            "scope",
            f"Without sender-constrained tokens the profile {profile.name} permits only the scopes: "
            f"{', '.join(sorted(profile.bearer_scopes))}.",
            clause=profile.clause("bearer_scopes"),
        )


def _check_detail_types(metadata: ClientMetadata, profile: Profile) -> None:
    """Refuse types that this server does not know, and any for a client whose tokens anyone could use who finds them.

    Spec: RFC9396-10, RFC9700-2.2.1
    """
    if not set(metadata.authorization_details_types) <= set(TYPES):
        raise InvalidClientMetadata(
            "authorization_details_types", f"Each type must be one of: {', '.join(TYPES)}.", clause="RFC9396-10"
        )
    if metadata.authorization_details_types and not metadata.resource and not _is_bound(metadata, profile):
        raise InvalidClientMetadata(
            "authorization_details_types",
            "Authorization details need sender-constrained access tokens.",
            clause=profile.clause("sender_constraint_required"),
        )


def _is_bound(metadata: ClientMetadata, profile: Profile) -> bool:
    return (
        metadata.tls_client_certificate_bound_access_tokens
        or metadata.dpop_bound_access_tokens
        or profile.sender_constraint_required
    )


def _check_urls(metadata: ClientMetadata) -> None:
    for member in ("jwks_uri", "client_uri", "logo_uri", "policy_uri", "tos_uri"):
        url = getattr(metadata, member)
        if url is not None and not url.startswith("https://"):
            raise InvalidClientMetadata(member, f"The {member} must be an https URL.", clause="RFC7591-2")


def _parse_keys(metadata: ClientMetadata) -> PublicKeys:
    if metadata.jwks is None:
        return EMPTY_KEYS
    try:
        check_public_jwks(metadata.jwks)
        keys = parse_jwks(metadata.jwks)
    except ValueError as error:
        raise InvalidClientMetadata(
            "jwks", "The jwks must contain only public keys of supported types.", clause="RFC7591-2"
        ) from error
    if not keys:
        raise InvalidClientMetadata(
            "jwks", "The jwks must contain at least one key that this client can use.", clause="RFC7591-2"
        )
    if metadata.token_endpoint_auth_method == names.SELF_SIGNED_TLS_CLIENT_AUTH and not keys.x5c_certificates():
        raise InvalidClientMetadata("jwks", "The jwks must hold the certificate as x5c.", clause="RFC8705-2.2.2")
    return keys


def _resource_server(metadata: ClientMetadata, client_id: str) -> ResourceServer | None:
    if not metadata.resource:
        return None
    try:
        audiences = parse_resources(metadata.resource)
    except InvalidTarget as error:
        raise InvalidClientMetadata("resource", error.description, clause=error.clause) from error
    return ResourceServer(
        name=metadata.client_name or client_id,
        audiences=audiences,
        scopes=frozenset(_scope(metadata.resource_scopes, "resource_scopes")),
        takes_jwt=metadata.access_token_format == AS_JWT,
        authorization_details_types=frozenset(metadata.authorization_details_types),
    )


def _scope(text: str, member: str) -> tuple[str, ...]:
    try:
        return parse_scope(text)
    except InvalidScope as error:
        raise InvalidClientMetadata(member, error.description, clause=error.clause) from error


def response_types(metadata: ClientMetadata) -> tuple[str, ...]:
    """Return the response types of a registration; where it names none, those that its grant types need.

    Spec: RFC7591-2.1
    """
    if metadata.response_types is not None:
        return metadata.response_types
    return (names.RESPONSE_TYPE_CODE,) if _uses_code(metadata) else ()


def _uses_code(metadata: ClientMetadata) -> bool:
    return names.GRANT_AUTHORIZATION_CODE in metadata.grant_types
