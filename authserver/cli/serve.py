"""`authserver serve`: the server, with our own TLS or behind a proxy."""

import gc
from collections.abc import Callable
from ssl import SSLError

import click

from authserver.app.parts import check_parts
from authserver.cli.client_findings import name_misfits
from authserver.cli.deployment import open_database, require_envelope
from authserver.cli.operators import operator_of
from authserver.cli.output import fail, note, read_settings
from authserver.clients.load import ClientCache, registered_certificates
from authserver.db.engine import Database
from authserver.events.model import SERVER
from authserver.keys.ring import assemble_keys
from authserver.keys.rotation import lacking
from authserver.operations import lookups
from authserver.operations.acts import ProvisionKeys
from authserver.profiles.assess import assess_deployment
from authserver.profiles.catalogue import PROFILES, signing_algorithms
from authserver.sealing.envelope import SealBroken
from authserver.serving.tls import TlsFiles
from authserver.settings.load import SettingsError, process_environment
from authserver.settings.model import Settings
from authserver.web.listen import ListenAddress, parse_listen

TARGET = "authserver.wsgi:application"


@click.command()
def serve() -> None:
    """Serve until stopped.

    With TLS_CERT_FILE the server ends TLS itself: LISTEN asks for no certificate, LISTEN_MTLS does. Without it the
    server expects a TLS proxy in front of LISTEN.
    """
    settings = read_settings()
    check_start(settings)
    _share_with_workers()
    try:
        if settings.tls_cert_file is not None:
            _serve_with_own_tls(settings)
        else:
            _serve_behind_proxy(settings)
    except SSLError as error:
        fail(f"TLS_CERT_FILE, TLS_KEY_FILE or CLIENT_CA_FILE cannot be used: {error}")
    except (ValueError, OSError) as error:
        fail(f"cannot serve: {error}")


def _share_with_workers() -> None:
    """Keep what is loaded by now out of the search for garbage, whose marks would give each worker its own copy.

    A worker that is forked has 48 MB of its own so, and 70 without.
    """
    gc.freeze()


def check_start(settings: Settings) -> None:
    """End the command where the deployment breaks its profile or lacks what it needs."""
    _check_settings(settings)
    database = open_database(settings, wait_seconds=settings.database_start_timeout)
    try:
        name_misfits(lookups.list_by_certificate(database), settings)
        keys = lookups.list_published_keys(database)
        assemble_keys(keys, require_envelope(settings))
        _make_lacking_keys(settings, database, lacking(keys, signing_algorithms(settings.profiles)))
    except SealBroken:
        fail("MASTER_KEY_FILE does not open the signing keys: it is not the key they were sealed under")
    except LookupError:
        fail("there is no signing key; make the first with: authserver init")
    finally:
        database.dispose()


def _check_settings(settings: Settings) -> None:
    """End the command where a setting, or a file that one names, cannot be used, before anything is waited for."""
    for name in settings.profiles:
        findings = assess_deployment(deployment_facts(settings), PROFILES[name])
        if findings:
            fail("\n".join(f"[{finding.clause}] {finding.message} {finding.mend}" for finding in findings))
    if settings.tls_cert_file is not None:
        _tls_files(settings)
    try:
        check_parts(settings)
    except SettingsError as error:
        fail(str(error))


def _make_lacking_keys(settings: Settings, database: Database, algorithms: tuple[str, ...]) -> None:
    """Make the keys that a profile which was switched on since needs, so that no client of it meets their lack.

    Spec: OIDCC-15.1
    """
    if not algorithms:
        return
    operator_of(settings, database, SERVER).perform(ProvisionKeys(reason="PROFILES needs them"))
    note(f"Made a signing key for {', '.join(algorithms)}, which PROFILES needs.")


def deployment_facts(settings: Settings) -> dict[str, object]:
    """Return the plain facts that a profile judges."""
    return {
        "issuer": settings.issuer,
        "code_lifetime": settings.code_lifetime,
        "par_lifetime": settings.par_lifetime,
        "refresh_rotation": settings.refresh_rotation,
    }


def _serve_with_own_tls(settings: Settings) -> None:
    from authserver.serving import gunicorn_server  # noqa: PLC0415 - a worker must not carry the other server's modules

    server = gunicorn_server.OwnTlsServer(
        target=TARGET,
        files=_tls_files(settings),
        listen=_address("LISTEN", settings.listen),
        listen_mtls=_address("LISTEN_MTLS", settings.listen_mtls) if settings.listen_mtls else None,
        anchors=_anchors(settings),
        workers=settings.workers,
        threads=settings.threads,
        log_level=settings.log_level,
    )
    gunicorn_server.serve_with_own_tls(server)


def _tls_files(settings: Settings) -> TlsFiles:
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        raise TypeError("the settings hold both or none")
    for name, path in (("TLS_CERT_FILE", settings.tls_cert_file), ("TLS_KEY_FILE", settings.tls_key_file)):
        if not path.is_file():
            fail(f"{name} was {str(path)!r}; it may be: a file in PEM")
    return TlsFiles(settings.tls_cert_file, settings.tls_key_file, settings.client_ca_file)


def _serve_behind_proxy(settings: Settings) -> None:
    from authserver.serving import granian_server  # noqa: PLC0415 - the same

    server = granian_server.ProxiedServer(
        target=TARGET,
        listen=_address("LISTEN", settings.listen),
        workers=settings.workers,
        blocking_threads=settings.threads,
        log_level=settings.log_level,
    )
    note(f"Behind a proxy, on {settings.listen}.")
    granian_server.serve_behind_proxy(server, process_environment())


def _address(name: str, text: str) -> ListenAddress:
    try:
        return parse_listen(text)
    except ValueError as error:
        fail(f"{name} was {text!r}; it may be: address:port, :port or unix:/path ({error})")


def _anchors(settings: Settings) -> Callable[[], tuple[bytes, ...]]:
    """Return a reader of the certificates that clients registered, which opens its database in the worker."""
    opened: list[Database] = []
    kept = ClientCache()

    def read() -> tuple[bytes, ...]:
        if not opened:
            opened.append(Database.connect(settings.database, threads=1, patience_seconds=settings.database_timeout))
        with opened[0].read() as connection:
            return registered_certificates(connection, kept)

    return read
