"""The demo's keys and certificates: made once, used again, made anew before they expire."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from joserfc.jwk import ECKey

from authserver.sandbox.authority import (
    Authority,
    CertificateWithKey,
    common_name,
    create_authority,
    load_credential,
    self_signed,
)
from authserver.sandbox.layout import ADDRESS, BANK_CREDENTIAL, HOST, DemoLayout

SELF_SIGNED = "till-reporter"
ISSUED_TO_CLIENTS = (BANK_CREDENTIAL, "penny-planner", "ledger-sync")
ISSUED_TO_SERVERS = ("server", "bank", "app")
_SPARE = timedelta(days=2)
_OWNER_ONLY = 0o600


def prepare_certificates(places: DemoLayout, now: int) -> None:
    """Make what is missing or soon expired; a new authority makes every certificate under it anew."""
    places.certificates.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, is_new = _authority(places.certificates, now)
    for name in ISSUED_TO_SERVERS:
        if is_new or not _lasts(places.certificates, name, now):
            authority.issue_server((HOST, ADDRESS), now).save(places.certificates, name)
    for name in ISSUED_TO_CLIENTS:
        if is_new or not _lasts(places.certificates, name, now):
            authority.issue_client(subject_of(name), now).save(places.certificates, name)
    if not _lasts(places.certificates, SELF_SIGNED, now):
        self_signed(subject_of(SELF_SIGNED), now).save(places.certificates, SELF_SIGNED)


def prepare_client_keys(places: DemoLayout, names: tuple[str, ...]) -> None:
    """Make the missing signing keys of clients, each a private JWK in a file for its owner alone."""
    places.clients.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in names:
        path = places.clients / f"{name}.jwk"
        if not path.exists():
            key = ECKey.generate_key("P-256")
            jwk = {**key.as_dict(private=True), "kid": key.thumbprint(), "alg": "ES256", "use": "sig"}
            _write_secret(path, json.dumps(jwk))


def load_client_key(places: DemoLayout, name: str) -> ECKey:
    """Read a client's private signing key."""
    return ECKey.import_key(json.loads((places.clients / f"{name}.jwk").read_text(encoding="utf-8")))


def prepare_secret(places: DemoLayout, name: str) -> str:
    """Return a client's secret, made when first asked for."""
    path = places.clients / f"{name}.secret"
    if not path.exists():
        _write_secret(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8")


def load_self_signed(places: DemoLayout) -> CertificateWithKey:
    """Read the certificate that its client signed itself."""
    return load_credential(places.certificates, SELF_SIGNED)


def subject_of(name: str) -> x509.Name:
    """Return the subject under which a client's certificate is issued."""
    organisation = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Demo")
    return x509.Name([organisation, *common_name(name)])


def _authority(folder: Path, now: int) -> tuple[Authority, bool]:
    if _lasts(folder, "authority", now):
        return Authority(load_credential(folder, "authority")), False
    authority = create_authority("Demo development authority", now)
    authority.credential.save(folder, "authority")
    return authority, True


def _lasts(folder: Path, name: str, now: int) -> bool:
    try:
        certificate = load_credential(folder, name).certificate
    except (OSError, ValueError):
        return False
    return certificate.not_valid_after_utc > datetime.fromtimestamp(now, UTC) + _SPARE


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=_OWNER_ONLY)
    path.write_text(text, encoding="utf-8")
