"""What the endpoints and pages are made of."""

from collections.abc import Sequence

from flask import Flask
from limits.errors import ConfigurationError

from authserver.accounts.attempts import Attempts
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies
from authserver.accounts.factors.passkey.model import relying_party
from authserver.app.logouts import build_logouts, waking
from authserver.app.notices import build_queue, check_channel, post_of
from authserver.authorization.parse import RequestPolicy
from authserver.authorization.request_object import RequestObjects
from authserver.binding.dpop import DpopNonces
from authserver.binding.mtls import ChainVerifier
from authserver.clients.authenticated_request import RequestAuthenticator
from authserver.clients.authentication import ClientAuthentication
from authserver.clients.registry import ClientRegistry
from authserver.clock import Clock, system_clock
from authserver.db.engine import Database
from authserver.events.catalogue import CLIENT_CERTIFICATE_DROPPED
from authserver.events.journal import Journal
from authserver.events.model import ANYONE, Event, EventSink
from authserver.keys.model import StoredKey
from authserver.keys.remote import RemoteKeys
from authserver.keys.ring import KeyRing
from authserver.keys.store import find_all, find_archived
from authserver.limits.fallback import WindowStorage
from authserver.limits.rates import Limits, build_limits, build_storage, shared_limits_path
from authserver.outbound.fetch import SafeFetcher
from authserver.outbound.queue_worker import QueueWorker
from authserver.outbound.sender import DeliveryWorker as QueueSender
from authserver.profiles.catalogue import PROFILES
from authserver.protocol import urls
from authserver.sealing.envelope import Envelope
from authserver.sealing.master_key import MasterKeyEnvelope, read_master_key
from authserver.sessions.model import SessionLimits
from authserver.settings.load import SettingsError
from authserver.settings.model import Settings
from authserver.signals.model import LogoutNotice
from authserver.values import Assembly
from authserver.web.machine.client_certificate import CertificatePolicy, parse_policy
from authserver.web.machine.evidence import Origins
from authserver.web.pages.brand import Brand, read_logo
from authserver.web.pages.page import Pages, Site, load_pages

_KEYS_SECONDS = 1.0  # the keys that are there serve on without it
_AUTHENTICATED_PATHS = (urls.TOKEN, urls.PUSHED_REQUEST, urls.INTROSPECTION, urls.ENDED_TOKENS, urls.REVOCATION)


class Parts(Assembly, frozen=True):
    """What the endpoints and pages are made of; one for the process."""

    settings: Settings
    clock: Clock
    journal: Journal
    database: Database
    envelope: Envelope
    registry: ClientRegistry
    keys: KeyRing
    reception: RequestAuthenticator
    limits: Limits
    pages: Pages
    origins: Origins
    nonces: DpopNonces
    session_limits: SessionLimits
    attempts: Attempts
    passkeys: Ceremonies
    letters: QueueSender | None
    logouts: QueueWorker[LogoutNotice]
    certificates: CertificatePolicy

    def audiences(self) -> frozenset[str]:
        """Return every resource that a request may name."""
        return self.registry.audiences() | {self.settings.issuer}

    def count_dropped(self, reason: str) -> None:
        """Tell of a client certificate that was not believed."""
        self.journal.tell(Event(CLIENT_CERTIFICATE_DROPPED, self.clock(), ANYONE, detail={"reason": reason}))

    def request_policy(self) -> RequestPolicy:
        """Return what the deployment adds to authorization requests."""
        return RequestPolicy(
            servers=self.registry.resource_servers(),
            scope_acr=tuple(self.settings.scope_acr.items()),
            detail_acr=tuple(self.settings.detail_acr.items()),
            now=self.clock(),
            issuer=self.settings.issuer,
            own_keys=self.keys.current().ever,
        )

    def request_objects(self) -> RequestObjects:
        """Return what opens the requests that clients sign."""
        return RequestObjects(self.reception.authentication.remote_keys, self.settings.issuer)


def build_parts(settings: Settings, app: Flask, clock: Clock, events: EventSink) -> Parts:
    """Return the parts that the settings describe."""
    envelope = open_envelope(settings)
    database = Database.connect(settings.database, threads=settings.threads, patience_seconds=settings.database_timeout)
    profiles = frozenset(PROFILES[name] for name in settings.profiles)
    registry = ClientRegistry(database, clock, profiles, settings.detail_types())
    keys = KeyRing(lambda: _read_keys(database), envelope, clock)
    origins = Origins(settings.issuer, settings.certificate_origin)
    nonces = DpopNonces(envelope.derive("dpop nonce"), required=settings.dpop_nonce == "required")
    limits = _limits(settings, app, envelope, events, clock)
    fetcher = _fetcher(settings)
    authentication = ClientAuthentication(
        registry=registry,
        # Half of the threads may wait for keys from elsewhere; the other half goes on with what needs none.
        remote_keys=RemoteKeys(fetcher, clock, events, most_waiting=max(1, settings.threads // 2)),
        chain=_chain(settings),
        issuer=settings.issuer,
        own_urls=frozenset(url for path in _AUTHENTICATED_PATHS for url in origins.urls(path)),
    )
    letters = build_queue(settings, database, events, clock)
    logouts = build_logouts(settings, database, (registry.find, keys.current, fetcher), events, clock)
    journal = Journal(waking(logouts, events), post_of(letters))
    return Parts(
        settings=settings,
        clock=clock,
        journal=journal,
        database=database,
        envelope=envelope,
        registry=registry,
        keys=keys,
        reception=RequestAuthenticator(origins, nonces, authentication, limits.machine, journal.tell),
        limits=limits,
        pages=load_pages(_site(settings), speaks_others=True),
        origins=origins,
        nonces=nonces,
        session_limits=SessionLimits(settings.session_idle, settings.session_idle_strong, settings.session_absolute),
        attempts=Attempts(database, envelope.derive("attempts")),
        passkeys=Ceremonies(
            relying_party(settings.issuer, settings.site_name, settings.passkey_aaguids), envelope, journal
        ),
        letters=letters,
        logouts=logouts,
        certificates=_certificate_policy(settings),
    )


def open_envelope(settings: Settings) -> Envelope:
    """Return the envelope under the master key; raises SettingsError where its file holds none."""
    try:
        return MasterKeyEnvelope(read_master_key(settings.master_key_path))
    except ValueError as error:
        raise SettingsError(f"MASTER_KEY_FILE was {str(settings.master_key_path)!r}; it may be: {error}") from error


def check_parts(settings: Settings) -> None:
    """Raise SettingsError where a file or an address that the settings name cannot be used.

    For the process that starts the workers: what stops each of them is better said once, before there are any.
    """
    open_envelope(settings)
    _chain(settings)
    _certificate_policy(settings)
    _fetcher(settings)
    _limits_storage(settings, system_clock)
    check_channel(settings)


def _limits(settings: Settings, app: Flask, envelope: Envelope, events: EventSink, clock: Clock) -> Limits:
    storage = _limits_storage(settings, clock)
    return build_limits(app, storage, settings.limits(), envelope.derive("limits"), events, clock)


def _limits_storage(settings: Settings, clock: Clock) -> WindowStorage:
    path = settings.limits_path or shared_limits_path(settings.data_dir)
    try:
        return build_storage(path, settings.valkey_url or None, clock)
    except (ConfigurationError, ValueError):  # whose text may hold the URL, and with it a password
        raise SettingsError("VALKEY_URL cannot be used; is the extra authserver[valkey] installed?") from None


def _fetcher(settings: Settings) -> SafeFetcher:
    ca_file = settings.fetch_ca_file
    try:
        return SafeFetcher(allow=frozenset(settings.fetch_allow), ca_file=str(ca_file) if ca_file else None)
    except OSError as error:
        raise SettingsError(
            f"FETCH_CA_FILE was {str(ca_file)!r}; it may be: a readable file of certificates in PEM"
        ) from error


def _chain(settings: Settings) -> ChainVerifier | None:
    if settings.client_ca_file is None:
        return None
    try:
        return ChainVerifier(settings.client_ca_file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"CLIENT_CA_FILE was {str(settings.client_ca_file)!r}; it may be: a readable file of certificates in PEM"
        ) from error


def _read_keys(database: Database) -> Sequence[StoredKey]:
    with database.read(patience_seconds=_KEYS_SECONDS) as connection:
        return (*find_all(connection), *find_archived(connection))


def _certificate_policy(settings: Settings) -> CertificatePolicy:
    try:
        return parse_policy(
            settings.trusted_proxies,
            settings.client_cert_header or None,
            certificate_header=settings.client_cert_header_name,
            address_header=settings.client_address_header,
        )
    except ValueError as error:
        raise SettingsError(f"TRUSTED_PROXIES or CLIENT_CERT_HEADER cannot be used: {error}") from error


def _site(settings: Settings) -> Site:
    logo = read_logo(settings.logo_file) if settings.logo_file else None
    brand = Brand(logo, settings.accent_colour, settings.accent_colour_dark)
    return Site(settings.site_name, settings.help_url, "/account", settings.apps_checked_by, brand)
