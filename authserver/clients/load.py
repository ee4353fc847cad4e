"""From stored rows to clients, which costs a parse and the import of keys: once for each row that has changed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from authserver.clients.build import build_client
from authserver.clients.metadata import parse_metadata
from authserver.clients.model import Client, PreviousSecret
from authserver.clients.store import ClientRecord, list_with_certificates
from authserver.db.engine import Connection
from authserver.protocol.errors import InvalidClientMetadata
from authserver.values import replace
from authserver.web.request_log import log

_Loaded: TypeAlias = tuple[ClientRecord, Client | None]


def load_client(record: ClientRecord) -> Client:
    """Return the client of a stored row; raises InvalidClientMetadata for one that today's rules refuse."""
    client = build_client(
        parse_metadata(record.metadata),
        client_id=record.client_id,
        secret_hash=record.secret_hash,
        version=record.version,
    )
    previous = None
    if record.previous_secret_hash is not None and record.previous_secret_until is not None:
        previous = PreviousSecret(record.previous_secret_hash, record.previous_secret_until)
    return replace(client, disabled=record.disabled_at is not None, previous_secret=previous)


@dataclass(slots=True)
class ClientCache:
    """The clients of a list that is read every other second, each loaded again only when its row has changed."""

    _kept: dict[str, _Loaded] = field(default_factory=dict)

    def load(self, records: Iterable[ClientRecord]) -> tuple[Client, ...]:
        """Return the clients of the rows; one that today's rules refuse is left out, and told of in the log once.

        It must not take the others with it: without them no request could be answered, and no client connect.
        """
        before = self._kept
        self._kept = {record.client_id: self._keep(before.get(record.client_id), record) for record in records}
        return tuple(client for _, client in self._kept.values() if client is not None)

    @staticmethod
    def _keep(
        kept: tuple[ClientRecord, Client | None] | None, record: ClientRecord
    ) -> tuple[ClientRecord, Client | None]:
        if kept is not None and kept[0] == record:
            return kept
        try:
            return record, load_client(record)
        except InvalidClientMetadata as error:
            message = "a stored client is refused by today's rules and left out; see authserver assess"
            log.error("client", message=message, client_id=record.client_id, reason=error.reason)
            return record, None


def registered_certificates(connection: Connection, kept: ClientCache) -> tuple[bytes, ...]:
    """Return the certificates that enabled clients registered by themselves, as DER."""
    clients = kept.load(list_with_certificates(connection))
    return tuple(certificate for client in clients for certificate in client.registered_certificates)
