"""`authserver client`: who may ask."""

import json
from typing import TextIO

import click

from authserver.cli.client_new import new
from authserver.cli.client_registration import check_keys, check_profile, note_subject, register_client
from authserver.cli.deployment import open_deployment
from authserver.cli.output import TakesId, fail, json_option, moment, note, print_record, print_rows
from authserver.clients import store
from authserver.clients.load import load_client
from authserver.clients.registration import prepare_registration
from authserver.clients.shared_secrets import SECRET_OVERLAP_SECONDS, hash_secret, new_secret
from authserver.clients.store import ClientRecord
from authserver.clock import system_clock
from authserver.db.engine import Database
from authserver.operations.clients import delete_client, give_up_resources
from authserver.protocol.errors import InvalidClientMetadata


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
    registration = register_client(settings, database, _read_document(file))
    shown = dict(registration.metadata)
    if registration.client_secret is not None:
        shown["client_secret"] = registration.client_secret
        note("The client_secret is shown this once.")
    print_record(shown, as_json=as_json)


client.add_command(new)


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
    check_profile(registration.metadata, settings)
    check_keys(registration.metadata, database)
    with database.transaction() as connection:
        found = store.replace_metadata(connection, client_id, registration.metadata)
    if not found:
        fail(f"there is no client {client_id}")
    kept = store.resources_of(registration.metadata)
    given_up = (name for name in store.resources_of(record.metadata) if name not in kept)
    give_up_resources(database, given_up, system_clock())
    note_subject(registration.metadata)
    print_record(registration.metadata, as_json=as_json)


@client.command(cls=TakesId, name="rotate-secret")
@click.argument("client_id")
@click.option(
    "--at-once", is_flag=True, help="End the present secret now, as when it leaked; else it lasts another day."
)
@json_option
def rotate_secret(client_id: str, *, at_once: bool, as_json: bool) -> None:
    """Give a client another secret and print it, this once; the present one stays good for a day."""
    _, database = open_deployment()
    record, secret = _find(database, client_id), new_secret()
    if record.secret_hash is None:
        fail(f"{client_id} has no secret: it authenticates by {load_client(record).token_endpoint_auth_method}")
    until = None if at_once else system_clock() + SECRET_OVERLAP_SECONDS
    with database.transaction() as connection:
        rotated = store.rotate_secret(connection, record, hash_secret(secret), until)
    if not rotated:
        fail(f"the secret of {client_id} was changed at the same moment; look, and ask again")
    note("The client_secret is shown this once. Servers take it within two seconds.")
    ends = "at once" if until is None else moment(until)
    print_record({"client_id": client_id, "client_secret": secret, "previous_secret_ends": ends}, as_json=as_json)


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
