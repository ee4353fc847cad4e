"""Registering a client: from metadata as given to what is stored."""

import secrets
from collections.abc import Mapping

from authserver.clients.build import build_client
from authserver.clients.metadata import DEFAULT_ALGORITHM, ClientMetadata, parse_metadata, read_members
from authserver.clients.registration_checks import check_usable
from authserver.clients.shared_secrets import hash_secret, new_secret
from authserver.profiles.catalogue import PROFILES
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.names import GRANT_AUTHORIZATION_CODE, OWN_CLIENT_ID, SECRET_METHODS
from authserver.values import Hidden, Value


class Registration(Value, frozen=True):
    """A registration that may be stored; `client_secret` is shown once and kept only as its hash."""

    client_id: str
    metadata: Hidden[Mapping[str, object]]
    client_secret: Hidden[str | None]
    secret_hash: Hidden[bytes | None]


def prepare_registration(document: object, *, default_profile: str) -> Registration:
    """Return the registration of a metadata document, with an id and a secret where it needs them.

    Raises InvalidClientMetadata with the member and the clause.

    Spec: RFC7591-3.2.1
    """
    given = read_members(document)
    metadata = parse_metadata(given)
    _check_id(metadata)
    _check_binding(metadata)
    client_id = metadata.client_id or secrets.token_urlsafe(32)
    client_secret = new_secret() if metadata.token_endpoint_auth_method in SECRET_METHODS else None
    secret_hash = hash_secret(client_secret) if client_secret is not None else None
    chosen = {"profile": default_profile, **_profile_defaults(metadata, default_profile)}
    stored = {**chosen, **given, "client_id": client_id}
    final = parse_metadata(stored)
    check_usable(final, build_client(final, client_id=client_id, secret_hash=secret_hash))
    return Registration(client_id, stored, client_secret, secret_hash)


def _profile_defaults(metadata: ClientMetadata, default_profile: str) -> Mapping[str, object]:
    """Return what the profile says of members that were not given, where it is not what every registration says.

    Spec: OIDCR-2
    """
    profile = PROFILES.get(metadata.profile or default_profile)
    if profile is None or GRANT_AUTHORIZATION_CODE not in metadata.grant_types:
        return {}
    algorithm = profile.default_signed_response_alg
    return {} if algorithm == DEFAULT_ALGORITHM else {"id_token_signed_response_alg": algorithm}


def _check_id(metadata: ClientMetadata) -> None:
    """Refuse the id of our own pages: where it is looked for they would be found, and never this client.

    Spec: RFC7591-3.2.1
    """
    if metadata.client_id == OWN_CLIENT_ID:
        raise InvalidClientMetadata("client_id", f"{OWN_CLIENT_ID} is this server itself.", clause="RFC7591-3.2.1")


def _check_binding(metadata: ClientMetadata) -> None:
    """Refuse two bindings, of which one would be without effect; what was stored with both before means DPoP.

    Spec: RFC8705-3.4, RFC9449-5.2
    """
    if metadata.tls_client_certificate_bound_access_tokens and metadata.dpop_bound_access_tokens:
        raise InvalidClientMetadata(
            "tls_client_certificate_bound_access_tokens",
            "Tokens can be bound to a certificate or to a DPoP key, not to both.",
            clause="RFC8705-3.4",
        )
