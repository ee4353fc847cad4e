"""A certificate's thumbprint, and which certificates an authority of ours vouches for."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Store

from authserver.binding.mtls import ChainVerifier, UntrustedCertificate, certificate_thumbprint
from authserver.sandbox.authority import CertificateWithKey
from tests.support.authority import NOW, common_name, create_authority, self_signed

AUTHORITY = create_authority("authority", NOW)
OTHER = create_authority("authority", NOW)
DAY = 86_400
NEVER_BEFORE = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)


def verifier() -> ChainVerifier:
    return ChainVerifier(AUTHORITY.pem)


def issue(
    *extensions: tuple[x509.ExtensionType, bool],
    issuer: CertificateWithKey = AUTHORITY.credential,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    digest: SHA256 | None = None,
) -> CertificateWithKey:
    """Issue a bare certificate with just these extensions, each with whether it is critical."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(common_name("client"))
        .issuer_name(issuer.certificate.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NEVER_BEFORE)
        .not_valid_after(NEVER_BEFORE + timedelta(days=9))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return CertificateWithKey(builder.sign(issuer.key, digest or SHA256()), own)


def key_usage(**uses: bool) -> x509.KeyUsage:
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
        "encipher_only decipher_only"
    )
    return x509.KeyUsage(**{name: uses.get(name, False) for name in names.split()})


AUTHORITY_CONSTRAINTS = (x509.BasicConstraints(ca=True, path_length=None), True)


@pytest.mark.spec("RFC8705-3.1")
def test_the_thumbprint_is_the_sha_256_of_the_der_without_padding() -> None:
    der = AUTHORITY.credential.der
    text = certificate_thumbprint(der)
    assert "=" not in text
    assert urlsafe_b64decode(text + "=") == sha256(der).digest()


@pytest.mark.spec("RFC8705-3.1")
def test_the_thumbprint_of_a_known_text() -> None:
    assert certificate_thumbprint(b"abc") == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"


@pytest.mark.spec("RFC8705-2.1")
@pytest.mark.parametrize(
    "make",
    [
        lambda: AUTHORITY.issue_client(common_name("client"), NOW),
        lambda: AUTHORITY.issue_client(common_name("client"), NOW, names=(x509.DNSName("client.example"),)),
        issue,
        lambda: issue((key_usage(digital_signature=True), True)),
        lambda: issue((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)),
        lambda: issue(key=rsa.generate_private_key(65_537, 2048)),
        lambda: issue(key=ec.generate_private_key(ec.SECP521R1())),
    ],
)
def test_what_the_authority_issued_to_a_client_is_trusted(make: Callable[[], CertificateWithKey]) -> None:
    verifier().verify(make().der, NOW)


@pytest.mark.spec("RFC8705-2.1", "RFC5280-6.1")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: self_signed(common_name("client"), NOW), "candidates exhausted"),
        (lambda: OTHER.issue_client(common_name("client"), NOW), "signature|candidates exhausted"),
        (lambda: AUTHORITY.issue_client(common_name("client"), NOW, days=-1), "not valid at validation time"),
        (lambda: AUTHORITY.issue_server(("client",), NOW), "not for client authentication"),
        (lambda: AUTHORITY.credential, "not a client's"),
        (lambda: issue(AUTHORITY_CONSTRAINTS), "not a client's"),
        (lambda: issue((key_usage(key_agreement=True), True)), "may not sign"),
        (lambda: issue((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b""), True)), "critical"),
        (lambda: issue(key=rsa.generate_private_key(65_537, 1024)), "too weak"),  # noqa: S505 - the case itself
        (lambda: issue(key=ec.generate_private_key(ec.SECP256K1())), "too weak"),
    ],
)
def test_what_no_authority_of_ours_issued_to_a_client_is_not(
    make: Callable[[], CertificateWithKey], reason: str
) -> None:
    with pytest.raises(UntrustedCertificate, match=reason):
        verifier().verify(make().der, NOW)


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"no certificate", AUTHORITY.pem])
def test_what_is_no_certificate_is_not_trusted(der: bytes) -> None:
    with pytest.raises(UntrustedCertificate):
        verifier().verify(der, NOW)


def test_one_bit_changed_is_not_trusted() -> None:
    der = bytearray(AUTHORITY.issue_client(common_name("client"), NOW).der)
    der[-1] ^= 1
    with pytest.raises(UntrustedCertificate):
        verifier().verify(bytes(der), NOW)


@pytest.mark.spec("RFC5280-4.2.1.9")
def test_a_client_s_certificate_vouches_for_no_one() -> None:
    client = AUTHORITY.issue_client(common_name("client"), NOW)
    with pytest.raises(UntrustedCertificate):
        ChainVerifier(AUTHORITY.pem + client.certificate_pem).verify(issue(issuer=client).der, NOW)


def test_an_issuing_authority_in_the_file_is_enough() -> None:
    issuing = issue(AUTHORITY_CONSTRAINTS, (key_usage(key_cert_sign=True), True))
    certificate = issue(issuer=issuing)
    ChainVerifier(AUTHORITY.pem + issuing.certificate_pem).verify(certificate.der, NOW)
    ChainVerifier(issuing.certificate_pem).verify(certificate.der, NOW)
    with pytest.raises(UntrustedCertificate):
        verifier().verify(certificate.der, NOW)


@pytest.mark.spec("RFC5280-6.1")
def test_a_verdict_is_remembered_and_never_outlives_the_certificate() -> None:
    chain = verifier()
    certificate = AUTHORITY.issue_client(common_name("client"), NOW, days=2)
    chain.verify(certificate.der, NOW)
    # From here on only what is remembered can pass.
    chain._store = Store([OTHER.credential.certificate])  # noqa: SLF001 - the authority goes, the memory stays
    chain.verify(certificate.der, NOW)
    chain.verify(certificate.der, NOW + 2 * DAY)
    for moment in (NOW + 2 * DAY + 1, NOW - DAY):
        with pytest.raises(UntrustedCertificate):
            chain.verify(certificate.der, moment)


def test_a_refusal_is_not_remembered() -> None:
    chain = verifier()
    certificate = AUTHORITY.issue_client(common_name("client"), NOW + DAY)
    with pytest.raises(UntrustedCertificate):
        chain.verify(certificate.der, NOW)
    chain.verify(certificate.der, NOW + DAY)


def test_the_memory_is_bounded() -> None:
    chain = ChainVerifier(AUTHORITY.pem, most_remembered=2)
    for number in range(4):
        chain.verify(AUTHORITY.issue_client(common_name(str(number)), NOW).der, NOW)
    assert len(chain._remembered) == 2  # noqa: SLF001 - what is bounded has no other face


@pytest.mark.parametrize("pem", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_authorities_stops_the_start(pem: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        ChainVerifier(pem)
