"""`authserver client`: who may ask."""

import json
from collections.abc import Mapping
from typing import TextIO

import click

from authserver.cli.deployment import open_deployment
from authserver.cli.output import TakesId, fail, json_option, moment, note, print_record, print_rows
from authserver.clients import store
from authserver.clients.registration import prepare_registration
from authserver.clients.store import ClientRecord
from authserver.clock import system_clock
from authserver.db.engine import Database
from authserver.operations.clients import delete_client, give_up_resources
from authserver.protocol.errors import InvalidClientMetadata
from authserver.settings.model import Settings


@click.group()
def client() -> None:
    """Register clients and resource servers, in the names of RFC 7591."""


@client.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@json_option
def add(file: TextIO, *, as_json: bool) -> None:
    """Register the client that FILE, or - for standard input, describes; print what was stored.

    A secret, where the method needs one, is printed once and kept as its hash.
    """
    settings, database = open_deployment()
    document = _read_document(file)
    try:
        registration = prepare_registration(document, default_profile=settings.default_profile)
    except InvalidClientMetadata as error:
        fail(f"{error.member}: {error.description} [{error.clause}]")
    _check_profile(registration.metadata, settings)
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
    shown = dict(registration.metadata)
    if registration.client_secret is not None:
        shown["client_secret"] = registration.client_secret
        note("The client_secret is shown this once.")
    print_record(shown, as_json=as_json)


@client.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List every client."""
    _, database = open_deployment()
    with database.read() as connection:
        records = store.list_clients(connection)
    rows = [
        {
            "client_id": record.client_id,
            "name": record.metadata.get("client_name", ""),
            "profile": record.metadata.get("profile", ""),
            "state": "enabled" if record.disabled_at is None else "disabled",
            "since": moment(record.created_at),
        }
        for record in records
    ]
    print_rows(rows, as_json=as_json, empty="There is no client yet; register one with: authserver client add FILE")


@client.command(cls=TakesId)
@click.argument("client_id")
@json_option
def show(client_id: str, *, as_json: bool) -> None:
    """Print one client's metadata."""
    _, database = open_deployment()
    record = _find(database, client_id)
    disabled = {} if record.disabled_at is None else {"disabled_at": moment(record.disabled_at)}
    print_record({**record.metadata, **disabled}, as_json=as_json)


@client.command(cls=TakesId)
@click.argument("client_id")
@click.argument("file", type=click.File(encoding="utf-8"))
@json_option
def update(client_id: str, file: TextIO, *, as_json: bool) -> None:
    """Replace a client's metadata by FILE, or - for standard input; a secret stays as it is."""
    settings, database = open_deployment()
    record = _find(database, client_id)
    document = _read_document(file)
    if document.get("client_id", client_id) != client_id:
        fail("client_id: an id does not change; register another client")
    merged = {"profile": record.metadata.get("profile"), **document, "client_id": client_id}
    try:
        registration = prepare_registration(merged, default_profile=settings.default_profile)
    except InvalidClientMetadata as error:
        fail(f"{error.member}: {error.description} [{error.clause}]")
    if registration.secret_hash is not None and record.secret_hash is None:
        fail("token_endpoint_auth_method: this client has no secret; register it anew")
    _check_profile(registration.metadata, settings)
    with database.transaction() as connection:
        found = store.replace_metadata(connection, client_id, registration.metadata)
    if not found:
        fail(f"there is no client {client_id}")
    kept = store.resources_of(registration.metadata)
    given_up = (name for name in store.resources_of(record.metadata) if name not in kept)
    give_up_resources(database, given_up, system_clock())
    print_record(registration.metadata, as_json=as_json)


@client.command(cls=TakesId)
@click.argument("client_id")
def disable(client_id: str) -> None:
    """Refuse a client and end the use of its tokens, until it is enabled again."""
    _set_disabled(client_id, system_clock())


@client.command(cls=TakesId)
@click.argument("client_id")
def enable(client_id: str) -> None:
    """Let a disabled client in again."""
    _set_disabled(client_id, None)


@client.command(cls=TakesId)
@click.argument("client_id")
@click.confirmation_option(prompt="Its tokens stop working at once, for good. Delete it?")
def delete(client_id: str) -> None:
    """Delete a client for good, with all that people allowed it; its id is never used again.

    Safe to repeat where it was stopped halfway.
    """
    _, database = open_deployment()
    if not delete_client(database, client_id, system_clock()):
        fail(f"there is no client {client_id}")
    click.echo(f"Deleted {client_id}.")


def _set_disabled(client_id: str, at: int | None) -> None:
    _, database = open_deployment()
    with database.transaction() as connection:
        found = store.set_disabled(connection, client_id, at)
    if not found:
        fail(f"there is no client {client_id}")
    click.echo(f"{client_id} is {'enabled' if at is None else 'disabled'}.")


def _find(database: Database, client_id: str) -> ClientRecord:
    with database.read() as connection:
        record = store.find_client(connection, client_id)
    if record is None:
        fail(f"there is no client {client_id}")
    return record


def _read_document(file: TextIO) -> dict[str, object]:
    try:
        document = json.load(file)
    except (ValueError, RecursionError) as error:
        fail(f"{file.name} holds no JSON: {error}")
    if not isinstance(document, dict):
        fail("metadata: The metadata must be a JSON object. [RFC7591-2]")
    return document


def _check_profile(metadata: Mapping[str, object], settings: Settings) -> None:
    if metadata.get("profile") not in settings.profiles:
        fail(f"profile: this deployment has {', '.join(settings.profiles)}; see PROFILES [RFC7591-2]")
