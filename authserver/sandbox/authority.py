"""A certificate authority for development: it lives as long as the demo's folder and no one should trust it elsewhere.

Its keys stand in files without a passphrase. What it issues is short-lived, so that a forgotten demo dies by itself.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from authserver.values import Value

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_AUTHORITY_DAYS = 365
_LEAF_DAYS = 30
# Machines whose clocks run a little behind ours must not find the certificate not yet valid.
_BACKDATED = timedelta(minutes=5)
_OWNER_ONLY = 0o600


class Validity(Value, frozen=True):
    """When a certificate is valid."""

    first: datetime
    last: datetime


def valid_days(now: int, days: int) -> Validity:
    """Answer the validity that starts now, a little backdated, and lasts so many days; negative days have passed."""
    moment = datetime.fromtimestamp(now, UTC)
    end = moment + timedelta(days=days)
    return Validity(min(moment, end) - _BACKDATED, end)


class CertificateWithKey(Value, frozen=True):
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def der(self) -> bytes:
        """The certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def __repr__(self) -> str:
        return f"Credential({self.certificate.subject.rfc4514_string()!r})"

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write `name.pem` and `name.key`, the key for its owner's eyes alone; answers both paths."""
        certificate_path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
        certificate_path.write_bytes(self.certificate_pem)
        key_path.touch(mode=_OWNER_ONLY)
        key_path.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate_path, key_path


def load_credential(folder: Path, name: str) -> CertificateWithKey:
    """Read what `Credential.save` wrote; raises OSError or ValueError."""
    key = load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ValueError("the key is of a kind this authority does not issue")
    return CertificateWithKey(x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes()), key)


class Authority(Value, frozen=True):
    """Issues certificates under its own."""

    credential: CertificateWithKey

    @property
    def pem(self) -> bytes:
        """The authority's certificate in PEM: what others are to trust."""
        return self.credential.certificate_pem

    def issue_server(self, hosts: tuple[str, ...], now: int) -> CertificateWithKey:
        """Issue a certificate for a server at these names and addresses.

        The key is RSA: clients held to FAPI 1 know no TLS 1.2 suite for another.
        """
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        builder = _leaf(common_name(hosts[0]), key, valid_days(now, _LEAF_DAYS), names)
        return self._sign(builder.add_extension(_use(server=True), critical=False), key)

    def issue_client(
        self, subject: x509.Name, now: int, *, names: tuple[x509.GeneralName, ...] = (), days: int = _LEAF_DAYS
    ) -> CertificateWithKey:
        """Issue a certificate for a client, with a fresh P-256 key."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _leaf(subject, key, valid_days(now, days), x509.SubjectAlternativeName(names))
        return self._sign(builder.add_extension(_use(server=False), critical=False), key)

    def _sign(self, builder: x509.CertificateBuilder, key: PrivateKey) -> CertificateWithKey:
        issuer = self.credential
        signed = builder.issuer_name(issuer.certificate.subject).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
        return CertificateWithKey(signed.sign(issuer.key, SHA256()), key)


def create_authority(name: str, now: int) -> Authority:
    """Make a new root authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = common_name(name)
    builder = (
        _certificate(subject, key, valid_days(now, _AUTHORITY_DAYS))
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
    )
    return Authority(CertificateWithKey(builder.sign(key, SHA256()), key))


def self_signed(subject: x509.Name, now: int, *, days: int = _LEAF_DAYS) -> CertificateWithKey:
    """Make a client's certificate that it signed itself, as `self_signed_tls_client_auth` uses."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _leaf(subject, key, valid_days(now, days), x509.SubjectAlternativeName([])).issuer_name(subject)
    return CertificateWithKey(builder.add_extension(_use(server=False), critical=False).sign(key, SHA256()), key)


def common_name(name: str) -> x509.Name:
    """Make a subject of a common name alone."""
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _certificate(subject: x509.Name, key: PrivateKey, validity: Validity) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.first)
        .not_valid_after(validity.last)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _leaf(
    subject: x509.Name, key: PrivateKey, validity: Validity, names: x509.SubjectAlternativeName
) -> x509.CertificateBuilder:
    builder = (
        _certificate(subject, key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
    )
    return builder.add_extension(names, critical=False) if list(names) else builder


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _use(*, server: bool) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
