"""What of a client's messages is signed: its requests by itself, and the answers to them by us."""

from authserver.clients.metadata import ClientMetadata
from authserver.clients.model import MessageSigning
from authserver.profiles.model import Profile
from authserver.protocol.errors import InvalidClientMetadata


def message_signing(metadata: ClientMetadata, profile: Profile) -> MessageSigning:
    """Return what the metadata says of signed requests and answers, with what the profile demands.

    Raises InvalidClientMetadata where it breaks the profile, or has no key for what it promises to sign.

    Spec: RFC9101-10.5, OIDCR-2, JARM-3
    """
    _check_algorithm("request_object_signing_alg", metadata.request_object_signing_alg, profile)
    _check_algorithm("authorization_signed_response_alg", metadata.authorization_signed_response_alg, profile)
    must_sign = metadata.require_signed_request_object or profile.signed_requests_required
    asks = "authorization_code" in metadata.grant_types and must_sign
    if asks and metadata.jwks is None and metadata.jwks_uri is None:
        raise InvalidClientMetadata("jwks", "Signed request objects need jwks or jwks_uri.", clause="RFC9101-10.5")
    return MessageSigning(
        request_object_signing_alg=metadata.request_object_signing_alg,
        require_signed_request_object=must_sign,
        authorization_signed_response_alg=(
            metadata.authorization_signed_response_alg or profile.default_signed_response_alg
        ),
    )


def _check_algorithm(member: str, algorithm: str | None, profile: Profile) -> None:
    """Refuse an algorithm that the profile does not permit; none permits `none`."""
    field = "signing_algorithms" if member == "request_object_signing_alg" else "id_token_algorithms"
    permitted = getattr(profile, field)
    if algorithm is not None and algorithm not in permitted:
        raise InvalidClientMetadata(
            member,
            f"The profile {profile.name} permits: {', '.join(sorted(permitted))}.",
            clause=profile.clause(field),
        )
