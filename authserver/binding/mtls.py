"""Client certificates: the thumbprint that binds a token, and whether an authority of ours vouches for one.

Both take the certificate as it came from the connection; neither knows which client it is to belong to.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections import OrderedDict
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from authserver.keys.public_keys import check_certificate_key
from authserver.values import Value

_CLIENT_USES = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


class UntrustedCertificate(Exception):
    """No authority of ours vouches for the certificate; the text is for the operator."""


def certificate_thumbprint(der: bytes) -> str:
    """Return the certificate's SHA-256 as `x5t#S256` holds it: base64url without padding.

    Spec: RFC8705-3.1, RFC7515-4.1.8, RFC8705-7.2
    """
    return urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


@lru_cache(maxsize=512)
def has_key_of_worth(der: bytes) -> bool:
    """Return whether a certificate's key can prove possession at all; a client shows the same one on each request.

    Spec: FAPI2-SP-FINAL-5.4.1-2, RFC8705-3
    """
    try:
        check_certificate_key(x509.load_der_x509_certificate(der))
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return False
    return True


class _Lifetime(Value, frozen=True):
    """The seconds, both included, in which every certificate of a verified chain is valid."""

    first: int
    last: int


class ChainVerifier:
    """Verifies client certificates against the authorities in a PEM file, roots and issuing authorities alike.

    A client sends its own certificate and a proxy forwards nothing more, so an authority that issues to clients must be
    in the file itself. What verified once is remembered by its hash, up to the moment the first certificate of its
    chain expires; what did not is never remembered, since time or a new file may mend it. Revocation is not asked for:
    take the client's registration away, or the authority.

    Raises ValueError if the file holds no certificate or one that cannot be read.

    Spec: RFC8705-2.1, RFC5280-6.1, RFC8705-7.4, RFC8705-7.5
    """

    def __init__(self, authorities_pem: bytes, *, most_remembered: int = 4096) -> None:
        self._store = Store(x509.load_pem_x509_certificates(authorities_pem))
        self._most_remembered = most_remembered
        self._remembered: OrderedDict[bytes, _Lifetime] = OrderedDict()
        self._lock = Lock()

    def verify(self, der: bytes, now: int) -> None:
        """Return if an authority vouches for the certificate at this moment; raises UntrustedCertificate if none does.

        A certificate of an authority is refused as a client's, as are keys weaker than FAPI permits.

        Spec: RFC8705-2.1, FAPI2-SP-FINAL-5.4.1
        """
        key = hashlib.sha256(der).digest()
        lifetime = self._remembered.get(key)
        if lifetime is not None and lifetime.first <= now <= lifetime.last:
            return
        self._remember(key, _verified_lifetime(self._store, der, now))

    def _remember(self, key: bytes, lifetime: _Lifetime) -> None:
        with self._lock:
            self._remembered[key] = lifetime
            if len(self._remembered) > self._most_remembered:
                self._remembered.popitem(last=False)


def _verified_lifetime(store: Store, der: bytes, now: int) -> _Lifetime:
    """Verify the chain, and answer how long the verdict holds."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        check_certificate_key(certificate)
        verifier = (
            PolicyBuilder()
            .store(store)
            .time(datetime.fromtimestamp(now, UTC))
            .extension_policies(ca_policy=_AUTHORITY_EXTENSIONS, ee_policy=_CLIENT_EXTENSIONS)
            .build_client_verifier()
        )
        chain = verifier.verify(certificate, []).chain
    except (ValueError, VerificationError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise UntrustedCertificate(str(error) or type(error).__name__) from error
    return _Lifetime(
        first=max(int(each.not_valid_before_utc.timestamp()) for each in chain),
        last=min(int(each.not_valid_after_utc.timestamp()) for each in chain),
    )


def _check_no_authority(_: Policy, __: x509.Certificate, constraints: x509.BasicConstraints | None) -> None:
    if constraints is not None and constraints.ca:
        raise ValueError("an authority's certificate is not a client's")


def _check_client_use(_: Policy, __: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    if usage is not None and not _CLIENT_USES.intersection(usage):
        raise ValueError("the certificate is not for client authentication")


def _check_signs(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.digital_signature:
        raise ValueError("the certificate's key may not sign")


def _check_issues(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("the authority's key may not sign certificates")


# The library's own policies are those of the web: a name in subjectAltName, key identifiers in place. Banks' and test
# authorities issue to a subject alone, so only what makes a chain unsafe is asked for. The library still checks
# signatures, validity, basicConstraints, path lengths, name constraints, and critical extensions it does not know.
_CLIENT_EXTENSIONS = (
    ExtensionPolicy.permit_all()
    .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, _check_no_authority)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _check_signs)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _check_client_use)
)
_AUTHORITY_EXTENSIONS = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _check_issues)
)
