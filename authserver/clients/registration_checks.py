"""Whether what a client registers can ever be used, judged by the very rules of its use.

What passes the shape of its member and fails there would be refused at each request, with nobody told why: a name that
no certificate shows, keys among which none may sign, a URL that is never fetched. For registration alone: a client that
was stored before is not taken away by a rule that came later.
"""

from authserver.clients.certificates import check_subject
from authserver.clients.metadata import ClientMetadata
from authserver.clients.model import Client
from authserver.keys.model import PublicKeys
from authserver.keys.verifier import MAX_CANDIDATES
from authserver.outbound.fetch import FetchRefused, check_url
from authserver.protocol import names
from authserver.protocol.claims import claims_of_scope
from authserver.protocol.demand import parse_max_age
from authserver.protocol.errors import InvalidClientMetadata, InvalidRequest


def check_usable(metadata: ClientMetadata, client: Client) -> None:
    """Raise InvalidClientMetadata where a member could never do what it is registered for.

    Spec: RFC7591-2, RFC8705-2.1.2
    """
    _check_subject(metadata, client)
    _check_keys(client)
    _check_id_token_claims(client)
    if client.jwks_uri is not None:
        try:
            check_url(client.jwks_uri)
        except FetchRefused as error:
            raise InvalidClientMetadata("jwks_uri", f"It cannot be fetched: {error}.", clause="RFC7591-2") from error
    if client.default_max_age is not None:
        try:
            parse_max_age(str(client.default_max_age))
        except InvalidRequest as error:
            raise InvalidClientMetadata("default_max_age", error.description, clause="OIDCR-2") from error


def _check_id_token_claims(client: Client) -> None:
    """Refuse claims for the ID token that no scope of the client covers: they would never be told.

    Spec: OIDCC-5.4, OIDCC-5.5
    """
    told = sorted(claims_of_scope(client.scope))
    if not set(client.id_token_claims) <= set(told):
        permitted = f"one of {', '.join(told)}" if told else "of a scope such as profile or email, of which it has none"
        raise InvalidClientMetadata(
            "id_token_claims", f"Under the client's scope each must be {permitted}.", clause="OIDCC-5.4"
        )


def _check_subject(metadata: ClientMetadata, client: Client) -> None:
    if client.certificate_subject is None:
        return
    try:
        check_subject(client.certificate_subject)
    except ValueError as error:
        member = next(name for name in _SUBJECT_MEMBERS if getattr(metadata, name) is not None)
        raise InvalidClientMetadata(
            member, "No certificate can contain this name as it is written.", clause="RFC8705-2.1.2"
        ) from error


def _check_keys(client: Client) -> None:
    """Refuse keys of which no assertion can be verified, or only one that names what it cannot name."""
    if client.token_endpoint_auth_method != names.PRIVATE_KEY_JWT or client.jwks_uri is not None:
        return
    registered = client.token_endpoint_auth_signing_alg
    algorithms = client.profile.signing_algorithms if registered is None else frozenset({registered})
    if not any(client.keys.find(None, algorithm) for algorithm in algorithms):
        raise _refuse_keys(f"The jwks holds no key for {', '.join(sorted(algorithms))}.")
    for algorithm in sorted(algorithms):
        _check_distinct(client.keys, algorithm)


def _check_distinct(keys: PublicKeys, algorithm: str) -> None:
    if any(len(keys.find(kid, algorithm)) > 1 for kid in keys.kids()):
        raise _refuse_keys(f"The jwks holds several keys for {algorithm} under one kid.")
    unnamed = [key for key in keys.find(None, algorithm) if key.kid is None]
    if len(unnamed) > MAX_CANDIDATES:
        raise _refuse_keys(f"The jwks holds more than {MAX_CANDIDATES} keys for {algorithm} without a kid.")


def _refuse_keys(description: str) -> InvalidClientMetadata:
    return InvalidClientMetadata("jwks", description, clause="RFC7591-2")


_SUBJECT_MEMBERS = (
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)
