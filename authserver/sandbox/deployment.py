"""Setting the demo's authorization server up: configuration, master key, schema, signing keys, people and clients."""

import json
import secrets
from collections.abc import Mapping

from authserver.accounts.factors.password.hashing import SALT_BYTES, hash_password
from authserver.accounts.factors.totp.credential import enrol_totp
from authserver.accounts.model import parse_claims
from authserver.accounts.store import people as accounts
from authserver.assets import find_assets
from authserver.clients import store as clients
from authserver.clients.registration import prepare_registration
from authserver.clients.shared_secrets import hash_secret
from authserver.db import migrate
from authserver.db.engine import Connection, Database
from authserver.grants.model import Consent
from authserver.grants.store import consents
from authserver.keys.store import provision_keys
from authserver.protocol.handles import new_handle
from authserver.sandbox.bank.ledger import LedgerAccount
from authserver.sandbox.bank.terms import FRESH_SECONDS, BankTerms, save_terms
from authserver.sandbox.credentials import prepare_certificates, prepare_client_keys, prepare_secret
from authserver.sandbox.layout import ADDRESS, DemoLayout
from authserver.sandbox.people import PEOPLE, Person
from authserver.sandbox.registrations import NEWS_CLUB, SIGNING_CLIENTS, describe_clients
from authserver.sealing.envelope import Envelope
from authserver.sealing.master_key import MasterKeyEnvelope, create_master_key, read_master_key
from authserver.values import Value, field

_ALGORITHMS = ("ES256", "PS256", "Ed25519")
_CONSENT_SECONDS = 90 * 86_400
_GENEROUS = "6000/minute"
_LIMITS = (
    "limit_sign_in_address",
    "limit_second_factor_address",
    "limit_consent_address",
    "limit_client",
    "limit_client_authentication_failure",
)


class Setup(Value, frozen=True):
    """What one kind of demo has beside the other: its people, and how old a sign-in may be at the bank.

    `returning` has allowed the login app before, which nobody who tries the demo has. `settings` go into
    the server's configuration beside, or instead of, the demo's own.
    """

    people: tuple[Person, ...] = PEOPLE
    settings: Mapping[str, object] = field(default_factory=dict)
    fresh_seconds: int = FRESH_SECONDS
    returning: Person | None = None


def prepare_deployment(places: DemoLayout, now: int, setup: Setup) -> None:
    """Make everything in the demo's folder, or bring it up to date; keys, people and what they allowed stay."""
    places.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    prepare_certificates(places, now)
    prepare_client_keys(places, SIGNING_CLIENTS)
    _write_config(places, setup.settings)
    create_master_key(places.folder / "master.key")
    envelope = MasterKeyEnvelope(read_master_key(places.folder / "master.key"))
    database = Database.connect(places.database_url, threads=1)
    try:
        migrate.upgrade(database, find_assets("migrations"))
        with database.transaction() as connection:
            provision_keys(connection, envelope, _ALGORITHMS, now)
            for metadata in describe_clients(places):
                _register(connection, places, metadata, now)
            for person in setup.people:
                _enrol(connection, envelope, person, now)
            if setup.returning:
                _remember_consent(connection, setup.returning, now)
            customers = dict(_customer(connection, person) for person in setup.people)
        save_terms(places, BankTerms(customers, setup.fresh_seconds))
    finally:
        database.dispose()


def _write_config(places: DemoLayout, settings: Mapping[str, object]) -> None:
    certificate, key = places.certificate("server")
    members: dict[str, object] = {
        "issuer": places.issuer,
        "mtls_origin": places.mtls_origin,
        "site_name": "Demo Bank",
        "data_dir": str(places.folder),
        "listen": f"{ADDRESS}:{places.ports.server}",
        "listen_mtls": f"{ADDRESS}:{places.ports.server_mtls}",
        "tls_cert_file": str(certificate),
        "tls_key_file": str(key),
        "client_ca_file": str(places.authority),
        "profiles": ["fapi2", "oidc"],
        "limits_path": str(places.folder / "limits.sqlite"),
        **dict.fromkeys(_LIMITS, _GENEROUS),
        **settings,
    }
    lines = [f"{name.upper()} = {json.dumps(value)}\n" for name, value in members.items()]
    places.config.write_text("# Written anew by each start of the demo.\n" + "".join(lines), encoding="utf-8")


def _register(connection: Connection, places: DemoLayout, metadata: dict[str, object], now: int) -> None:
    """Store a client, or its metadata anew: URLs change with the ports, certificates with time."""
    registration = prepare_registration(metadata, default_profile="fapi2")
    if clients.replace_metadata(connection, registration.client_id, registration.metadata):
        return
    has_secret = registration.secret_hash is not None
    secret_hash = hash_secret(prepare_secret(places, registration.client_id)) if has_secret else None
    clients.insert_client(connection, registration.client_id, registration.metadata, secret_hash, now)


def _enrol(connection: Connection, envelope: Envelope, person: Person, now: int) -> None:
    if accounts.find_by_username(connection, person.username) is not None:
        return
    password_hash = hash_password(person.password, secrets.token_bytes(SALT_BYTES))
    own = [{"iban": account.iban, "name": account.name} for account in person.accounts]
    claims = parse_claims({**person.claims, "bank_accounts": own})
    account = accounts.create(connection, person.username, claims, password_hash, now)
    if account is not None and person.totp_seed is not None:
        enrol_totp(connection, envelope, account.account_id, person.totp_seed, now)


def _customer(connection: Connection, person: Person) -> tuple[str, tuple[LedgerAccount, ...]]:
    """Return a person as the bank knows them: by the subject of their tokens, and with their accounts."""
    account = accounts.find_by_username(connection, person.username)
    subject = account.account_id if account is not None else ""
    return subject, tuple(
        LedgerAccount(own.account_id, own.iban, own.name, own.balance_cents) for own in person.accounts
    )


def _remember_consent(connection: Connection, person: Person, now: int) -> None:
    """Let someone have allowed the login app before, so that a returning visitor's sign-in can be seen too."""
    account = accounts.find_by_username(connection, person.username)
    if account is None or consents.find_standing(connection, account.account_id, NEWS_CLUB, now):
        return
    consent = Consent(
        consent_id=new_handle(),
        account_id=account.account_id,
        client_id=NEWS_CLUB,
        scope=("openid", "profile"),
        claims=(),
        resources=(),
        granted_at=now,
        expires_at=now + _CONSENT_SECONDS,
    )
    consents.record(connection, consent)
