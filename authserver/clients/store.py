"""Clients in the database: metadata as registered, a secret's hash, and whether the client is enabled.

A deleted client leaves its row, which counts as disabled and is found by nothing here, so that its id is never used
again: what people allowed it, and what was issued to it, is found by that id.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from authserver.clients.browser_origins import browser_origins
from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.clients import client_origins, clients
from authserver.db.upsert import insert_for
from authserver.values import Value


class ClientRecord(Value, frozen=True):
    """One row: what was registered, not yet parsed into a client."""

    client_id: str
    metadata: Mapping[str, object]
    secret_hash: bytes | None
    version: int
    created_at: int
    disabled_at: int | None
    previous_secret_hash: bytes | None = None
    previous_secret_until: int | None = None
    registered_by: str | None = None


_COLUMNS = (
    clients.c.client_id,
    clients.c.metadata,
    clients.c.secret_hash,
    clients.c.version,
    clients.c.created_at,
    clients.c.disabled_at,
    clients.c.previous_secret_hash,
    clients.c.previous_secret_until,
    clients.c.registered_by,
)
_STANDS = clients.c.deleted_at.is_(None)
_FIND = Statement(select(*_COLUMNS).where(clients.c.client_id == bindparam("client_id"), _STANDS))
_FIND_DELETED = select(clients.c.metadata).where(clients.c.client_id == bindparam("client_id"), ~_STANDS)
_LIST = select(*_COLUMNS).where(_STANDS).order_by(clients.c.client_id)
_OPERATORS = Statement(select(clients.c.metadata).where(clients.c.registered_by.is_(None), _STANDS))
_RESOURCE_SERVERS = Statement(
    select(*_COLUMNS)
    .where(clients.c.is_resource_server == 1, clients.c.disabled_at.is_(None))
    .order_by(clients.c.client_id)
)
# A JWKS with certificates has a member of that name, and few have: which they are is for whoever parses them to say.
_WITH_CERTIFICATES = Statement(
    select(*_COLUMNS)
    .where(clients.c.metadata.contains('"x5c"', autoescape=True), clients.c.disabled_at.is_(None), _STANDS)
    .order_by(clients.c.client_id)
)
# The same: whose method it is, is for whoever reads the rows to say.
_BY_CERTIFICATE = (
    select(*_COLUMNS)
    .where(clients.c.metadata.contains("tls_client", autoescape=True), clients.c.disabled_at.is_(None), _STANDS)
    .order_by(clients.c.client_id)
)
_INSERT = {dialect: insert_for(dialect, clients).on_conflict_do_nothing() for dialect in DIALECTS}
_REPLACE = (
    update(clients)
    .where(clients.c.client_id == bindparam("id"), _STANDS)
    .values(
        metadata=bindparam("new_metadata"),
        profile=bindparam("new_profile"),
        is_resource_server=bindparam("new_is_resource_server"),
        version=clients.c.version + 1,
    )
)
_ROTATE_SECRET = (
    update(clients)
    .where(clients.c.client_id == bindparam("id"), clients.c.secret_hash == bindparam("secret_hash_seen"), _STANDS)
    .values(
        secret_hash=bindparam("new_secret_hash"),
        previous_secret_hash=bindparam("old_secret_hash"),
        previous_secret_until=bindparam("until"),
        version=clients.c.version + 1,
    )
)
_DISABLE = (
    update(clients)
    .where(clients.c.client_id == bindparam("id"), _STANDS)
    .values(disabled_at=bindparam("at"), version=clients.c.version + 1)
)
_DELETE = (
    update(clients)
    .where(clients.c.client_id == bindparam("id"), _STANDS)
    .values(
        metadata=bindparam("new_metadata"),
        secret_hash=None,
        previous_secret_hash=None,
        is_resource_server=0,
        disabled_at=bindparam("at"),
        deleted_at=bindparam("at"),
        version=clients.c.version + 1,
    )
)


_ORIGINS_GIVEN_UP = delete(client_origins).where(client_origins.c.client_id == bindparam("id"))
_IS_ORIGIN = Statement(
    select(client_origins.c.origin)
    .join(clients, clients.c.client_id == client_origins.c.client_id)
    .where(client_origins.c.origin == bindparam("origin"), clients.c.disabled_at.is_(None))
    .limit(1)
)


def find_client(connection: Connection, client_id: str) -> ClientRecord | None:
    """Return the client's row, or None."""
    row = _FIND.row(connection, {"client_id": client_id})
    return _record(tuple(row)) if row is not None else None


def list_clients(connection: Connection) -> list[ClientRecord]:
    """Return every client by id."""
    return [_record(tuple(row)) for row in connection.execute(_LIST)]


def list_names(connection: Connection) -> list[str]:
    """Return the names of the clients that operators registered."""
    found = [json.loads(metadata).get("client_name") for (metadata,) in _OPERATORS.rows(connection, {})]
    return [name for name in found if isinstance(name, str)]


def list_resource_servers(connection: Connection) -> list[ClientRecord]:
    """Return the enabled clients that are resource servers."""
    return [_record(tuple(row)) for row in _RESOURCE_SERVERS.rows(connection, {})]


def list_with_certificates(connection: Connection) -> list[ClientRecord]:
    """Return the enabled clients that may have registered a certificate of their own."""
    return [_record(tuple(row)) for row in _WITH_CERTIFICATES.rows(connection, {})]


def list_by_certificate(connection: Connection) -> list[ClientRecord]:
    """Return the enabled clients that may authenticate, or bind their tokens, by a certificate of any kind."""
    return [_record(tuple(row)) for row in connection.execute(_BY_CERTIFICATE)]


def insert_client(
    connection: Connection, client_id: str, metadata: Mapping[str, object], secret_hash: bytes | None, now: int
) -> bool:
    """Store a new client; return whether its id was free, which that of a deleted client never is."""
    values = {
        "client_id": client_id,
        "metadata": json.dumps(metadata),
        "secret_hash": secret_hash,
        "profile": str(metadata.get("profile", "")),
        "is_resource_server": int(bool(metadata.get("resource"))),
        "version": 1,
        "created_at": now,
        "disabled_at": None,
        "deleted_at": None,
        "registered_by": None,
    }
    is_new: bool = connection.execute(_INSERT[connection.dialect.name], values).rowcount == 1
    if is_new:
        _save_origins(connection, client_id, metadata)
    return is_new


def replace_metadata(connection: Connection, client_id: str, metadata: Mapping[str, object]) -> bool:
    """Store a client's new metadata; return whether there is such a client."""
    values = {
        "id": client_id,
        "new_metadata": json.dumps(metadata),
        "new_profile": str(metadata.get("profile", "")),
        "new_is_resource_server": int(bool(metadata.get("resource"))),
    }
    is_known: bool = connection.execute(_REPLACE, values).rowcount == 1
    if is_known:
        _save_origins(connection, client_id, metadata)
    return is_known


def _save_origins(connection: Connection, client_id: str, metadata: Mapping[str, object]) -> None:
    """Store the origins whose scripts may read what a client is answered, in place of those before."""
    connection.execute(_ORIGINS_GIVEN_UP, {"id": client_id})
    rows = [{"origin": origin, "client_id": client_id} for origin in sorted(browser_origins(metadata))]
    if rows:
        connection.execute(insert(client_origins), rows)


def is_browser_origin(connection: Connection, origin: str) -> bool:
    """Return whether an enabled client registered an origin."""
    return _IS_ORIGIN.row(connection, {"origin": origin}) is not None


def rotate_secret(connection: Connection, record: ClientRecord, secret_hash: bytes, until: int | None) -> bool:
    """Give a client another secret; the present one stays good until then, or ends at once with None.

    One that was still good from the rotation before ends. Returns False where the secret is not the one seen any more,
    so that of two rotations at once one is told that it lost, and prints no secret that is none.
    """
    values = {
        "id": record.client_id,
        "secret_hash_seen": record.secret_hash,
        "new_secret_hash": secret_hash,
        "old_secret_hash": None if until is None else record.secret_hash,
        "until": until,
    }
    return connection.execute(_ROTATE_SECRET, values).rowcount == 1


def set_disabled(connection: Connection, client_id: str, at: int | None) -> bool:
    """Disable a client from that moment on, or enable it with None; return whether there is such a client."""
    return connection.execute(_DISABLE, {"id": client_id, "at": at}).rowcount == 1


def delete_client(connection: Connection, client_id: str, now: int) -> bool:
    """Delete a client; return whether there was one.

    Its secret and metadata are erased, but for the addresses of an API, whose use is still to be ended.
    """
    record = find_client(connection, client_id)
    if record is None:
        return False
    left = {"resource": list(resources_of(record.metadata))}
    values = {"id": client_id, "at": now, "new_metadata": json.dumps(left)}
    connection.execute(_ORIGINS_GIVEN_UP, {"id": client_id})
    return connection.execute(_DELETE, values).rowcount == 1


def find_deleted_resources(connection: Connection, client_id: str) -> tuple[str, ...] | None:
    """Return the addresses that a deleted client was the API of, or None where no such client was deleted."""
    text = connection.execute(_FIND_DELETED, {"client_id": client_id}).scalar()
    return None if text is None else resources_of(json.loads(text))


def resources_of(metadata: Mapping[str, object]) -> tuple[str, ...]:
    """Return the addresses of an API's registration; none where it is no API."""
    named = metadata.get("resource")
    return tuple(str(name) for name in named) if isinstance(named, list) else ()


def _record(row: tuple[Any, ...]) -> ClientRecord:
    client_id, metadata, *rest = row
    return ClientRecord(client_id, json.loads(metadata), *rest)
