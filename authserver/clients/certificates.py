"""Whether a certificate shows the subject that a client registered: distinguished names and alternative names.

Says nothing about who signed it: `binding.mtls` does. A certificate that cannot be read matches no one.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509

from authserver.clients.distinguished_names import DistinguishedName, parse_dn, read_name
from authserver.clients.model import CertificateSubject
from authserver.values import Value

__all__ = ["check_subject", "parse_dn", "subject_matches"]


class _Names(Value, frozen=True):
    """Every name that a certificate shows, in the form in which names are compared."""

    subject: DistinguishedName | None
    dns: frozenset[str]
    uris: frozenset[str]
    addresses: frozenset[bytes]
    emails: frozenset[str]


def subject_matches(der: bytes, subject: CertificateSubject) -> bool:
    """Tell whether the certificate shows the one name that the client registered.

    Distinguished names match by their parts, DNS names without regard to case, URIs exactly, addresses by their bytes,
    mail addresses exactly but for the case of the domain. A registration with no name, or with several, matches no
    certificate, and neither does one whose name cannot be read.

    Spec: RFC8705-2.1.2, RFC4517-4.2.15
    """
    names = _names(der)
    if names is None or len(_given(subject)) != 1:
        return False
    try:
        return _shows(names, subject)
    except ValueError:
        return False


def check_subject(subject: CertificateSubject) -> None:
    """Check that a registration names exactly one subject, in a form that can match; raises ValueError if not.

    Spec: RFC8705-2.1.2
    """
    if len(_given(subject)) != 1:
        raise ValueError("exactly one certificate subject must be given")
    if subject.subject_dn is not None:
        parse_dn(subject.subject_dn)
    if subject.san_ip is not None:
        ip_address(subject.san_ip)
    if subject.san_email is not None:
        _mailbox(subject.san_email)
    if subject.san_dns == "" or subject.san_uri == "":
        raise ValueError("a certificate subject must not be empty")
    # Certificates hold these in ASCII alone: a host as its A-label, a URI with its octets escaped.
    if not all(text.isascii() for text in (subject.san_dns, subject.san_uri, subject.san_email) if text):
        raise ValueError("a name in a certificate is ASCII")


def _given(subject: CertificateSubject) -> list[str]:
    members = (subject.subject_dn, subject.san_dns, subject.san_uri, subject.san_ip, subject.san_email)
    return [member for member in members if member is not None]


def _shows(names: _Names, subject: CertificateSubject) -> bool:
    if subject.subject_dn is not None:
        return names.subject is not None and names.subject == parse_dn(subject.subject_dn)
    if subject.san_dns is not None:
        return subject.san_dns.lower() in names.dns
    if subject.san_uri is not None:
        return subject.san_uri in names.uris
    if subject.san_ip is not None:
        return ip_address(subject.san_ip).packed in names.addresses
    return subject.san_email is not None and _mailbox(subject.san_email) in names.emails


@lru_cache(maxsize=512)
def _names(der: bytes) -> _Names | None:
    """Read a certificate's names once; a client shows the same certificate on each of its requests."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        alternatives = _alternatives(certificate)
        mailboxes = alternatives.get_values_for_type(x509.RFC822Name)
        return _Names(
            subject=read_name(certificate.subject),
            dns=frozenset(name.lower() for name in alternatives.get_values_for_type(x509.DNSName)),
            uris=frozenset(alternatives.get_values_for_type(x509.UniformResourceIdentifier)),
            addresses=frozenset(_packed(alternatives)),
            emails=frozenset(_mailbox(mailbox) for mailbox in mailboxes if "@" in mailbox),
        )
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def _alternatives(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def _packed(alternatives: x509.SubjectAlternativeName) -> list[bytes]:
    """Read the addresses; a network, which belongs into name constraints alone, is none."""
    values = alternatives.get_values_for_type(x509.IPAddress)
    return [value.packed for value in values if isinstance(value, IPv4Address | IPv6Address)]


def _mailbox(text: str) -> str:
    """Write a mail address with its domain in lower case; its local part is the other system's to compare."""
    local, at, domain = text.rpartition("@")
    if not (local and at and domain):
        raise ValueError("not a mail address")
    return f"{local}@{domain.lower()}"
