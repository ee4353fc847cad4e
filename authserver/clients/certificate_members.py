"""The members of a registration that say whose certificate a client shows."""

from authserver.clients.certificates import parse_dn
from authserver.clients.metadata import ClientMetadata
from authserver.clients.model import CertificateSubject
from authserver.protocol import names
from authserver.protocol.errors import InvalidClientMetadata


def read_certificate_subject(metadata: ClientMetadata) -> CertificateSubject | None:
    """Return the one certificate subject of a `tls_client_auth` client.

    Spec: RFC8705-2.1.2
    """
    if metadata.token_endpoint_auth_method != names.TLS_CLIENT_AUTH:
        return None
    members = {
        "subject_dn": metadata.tls_client_auth_subject_dn,
        "san_dns": metadata.tls_client_auth_san_dns,
        "san_uri": metadata.tls_client_auth_san_uri,
        "san_ip": metadata.tls_client_auth_san_ip,
        "san_email": metadata.tls_client_auth_san_email,
    }
    given = {name: value for name, value in members.items() if value is not None}
    if len(given) != 1:
        raise InvalidClientMetadata(
            "tls_client_auth_subject_dn",
            "Exactly one of the tls_client_auth subject members is required.",
            clause="RFC8705-2.1.2",
        )
    if metadata.tls_client_auth_subject_dn is not None:
        try:
            parse_dn(metadata.tls_client_auth_subject_dn)
        except ValueError as error:
            raise InvalidClientMetadata(
                "tls_client_auth_subject_dn", "The name must be in the string form of RFC 4514.", clause="RFC8705-2.1.2"
            ) from error
    return CertificateSubject(**given)
