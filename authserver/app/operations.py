"""What acts of operators work with, as the settings describe it."""

from collections.abc import Callable

from authserver.db.engine import Database
from authserver.events.journal import Journal
from authserver.operations.context import OperationParts, OperationRules
from authserver.sealing.envelope import Envelope
from authserver.settings.model import Settings


def operation_parts(
    settings: Settings, database: Database, open_envelope: Callable[[], Envelope], journal: Journal
) -> OperationParts:
    """Return what acts work with; the envelope is opened by those that seal or open something."""
    rules = OperationRules(
        profiles=tuple(settings.profiles),
        default_profile=settings.default_profile,
        site_name=settings.site_name,
        invitation_lifetime=settings.invitation_lifetime,
        takes_certificates=settings.tls_cert_file is not None,
        fetch_allow=settings.fetch_allow,
        detail_types=settings.detail_types(),
    )
    return OperationParts(database, rules, open_envelope, journal)
