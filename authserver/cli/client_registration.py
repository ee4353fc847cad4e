"""Storing a registration that a command was given, or saying in one line why not."""

from collections.abc import Mapping

from authserver.cli.output import fail, note
from authserver.clients import store
from authserver.clients.metadata import DEFAULT_ALGORITHM, SIGNED_ANSWERS
from authserver.clients.registration import Registration, prepare_registration
from authserver.clients.subject_order import right_order
from authserver.clock import system_clock
from authserver.db.engine import Database
from authserver.keys.rotation import lacking
from authserver.keys.store import find_all
from authserver.profiles.assess import WARNING, Finding
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.names import SELF_SIGNED_TLS_CLIENT_AUTH
from authserver.settings.model import Settings

_SUBJECT_DN = "tls_client_auth_subject_dn"


def register_client(settings: Settings, database: Database, document: Mapping[str, object]) -> Registration:
    """Store a new client and return it with its secret, or end the command.

    Spec: RFC7591-3.2.1, RFC7591-3.2.2
    """
    try:
        registration = prepare_registration(dict(document), default_profile=settings.default_profile)
    except InvalidClientMetadata as error:
        fail(f"{error.member}: {error.description} [{error.clause}]")
    check_profile(registration.metadata, settings)
    check_keys(registration.metadata, database)
    with database.transaction() as connection:
        stored = store.insert_client(
            connection, registration.client_id, registration.metadata, registration.secret_hash, system_clock()
        )
        is_deleted = store.find_deleted_resources(connection, registration.client_id) is not None
    if is_deleted:
        fail(
            f"client_id: {registration.client_id} was a client that is deleted, and an id is never used again, or its "
            "next client would get what people allowed the last; give another"
        )
    if not stored:
        fail(f"client_id: {registration.client_id} is taken")
    note_subject(registration.metadata)
    return registration


def check_profile(metadata: Mapping[str, object], settings: Settings) -> None:
    """End the command where the deployment does not have a client's profile, or cannot serve how it authenticates."""
    if metadata.get("profile") not in settings.profiles:
        fail(f"profile: this deployment has {', '.join(settings.profiles)}; see PROFILES [RFC7591-2]")
    # Our own TLS must know a self-signed certificate before it lets its client in: those in jwks alone are so early.
    own_tls, by_uri = settings.tls_cert_file is not None, metadata.get("jwks_uri") is not None
    if own_tls and by_uri and metadata.get("token_endpoint_auth_method") == SELF_SIGNED_TLS_CLIENT_AUTH:
        fail("jwks_uri: give jwks with x5c; our own TLS takes self-signed ones from there alone [RFC8705-2.2.2]")


def note_subject(metadata: Mapping[str, object]) -> None:
    """Warn of a registered subject that looks as OpenSSL prints it, which hardly any certificate shows."""
    found = find_subject_order(metadata)
    if found is not None:
        note(f"Warning: {found.message} {found.mend} [{found.clause}]")


def find_subject_order(metadata: Mapping[str, object]) -> Finding | None:
    """Return the finding that a registered subject runs the wrong way, or None.

    Spec: RFC8705-2.1.2, RFC4514-2.1
    """
    subject = metadata.get(_SUBJECT_DN)
    right = right_order(subject) if isinstance(subject, str) else None
    if right is None:
        return None
    return Finding(
        WARNING,
        "RFC4514-2.1",
        f"{_SUBJECT_DN} begins with the most general part, or has slashes, as OpenSSL prints it; hardly any "
        "certificate matches it so.",
        f"RFC 4514 begins with the most particular part: {right}",
    )


def check_keys(metadata: Mapping[str, object], database: Database) -> None:
    """End the command where the client is to get what no key of this deployment can sign.

    Spec: OIDCR-2, RFC9701-6
    """
    with database.read() as connection:
        keys = find_all(connection)
    for member in SIGNED_ANSWERS:
        algorithm = str(metadata.get(member, DEFAULT_ALGORITHM))
        if lacking(keys, (algorithm,)):
            fail(f"{member}: this deployment has no {algorithm} key; make one with: authserver keys rotate [RFC7591-2]")
