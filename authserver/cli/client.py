"""`authserver client`: who may ask."""

import json
import sys
from typing import TextIO

import click

from authserver.cli.client_new import new
from authserver.cli.client_registration import note_doubts
from authserver.cli.deployment import open_deployment
from authserver.cli.operators import cannot_be_undone, open_operator, operation
from authserver.cli.output import TakesId, fail, json_option, moment, note, print_done, print_record, print_rows
from authserver.operations import lookups
from authserver.operations.acts import (
    USUAL_OVERLAP_SECONDS,
    AddClient,
    DeleteClient,
    DisableClient,
    EnableClient,
    MakeInitialToken,
    RotateClientSecret,
    UpdateClient,
)


@click.group()
def client() -> None:
    """Register clients and resource servers, in the names of RFC 7591."""


@client.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@operation
def add(file: TextIO, reason: str, *, as_json: bool) -> None:
    """Register the client described in FILE (- reads standard input) and print what was stored.

    A secret, where the method needs one, is printed once and kept as its hash.
    """
    operator = open_operator()
    registration = operator.perform(AddClient(_read_document(file), reason=reason))
    note_doubts(registration.metadata, operator.settings)
    shown = dict(registration.metadata)
    if registration.client_secret is not None:
        shown["client_secret"] = registration.client_secret
        note("The client_secret is shown this once.")
    print_record(shown, as_json=as_json)


client.add_command(new)


@client.command()
@click.option(
    "--uses", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many clients it registers."
)
@click.option(
    "--hours", type=click.IntRange(1, 24 * 90), default=24, show_default=True, help="How long it is good for."
)
@click.option("--profile", help="The profile of those clients. Default: DEFAULT_PROFILE.")
@operation
def token(uses: int, hours: int, profile: str | None, reason: str, *, as_json: bool) -> None:
    """Make an initial access token, by which clients register themselves at /register, and print it once."""
    operator = open_operator()
    if operator.settings.registration == "off":
        note("REGISTRATION is off: nothing registers by it until that is token or open.")
    wanted = profile or operator.settings.default_profile
    made = operator.perform(MakeInitialToken(wanted, uses, hours * 3600, reason=reason))
    note("The initial_access_token is shown this once.")
    print_record({"initial_access_token": made.token, "profile": wanted, "until": moment(made.until)}, as_json=as_json)


@client.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List every client."""
    _, database = open_deployment()
    rows = [
        {
            "client_id": record.client_id,
            "name": record.metadata.get("client_name", ""),
            "profile": record.metadata.get("profile", ""),
            "state": "enabled" if record.disabled_at is None else "disabled",
            "registered_by": record.registered_by or "operator",
            "since": moment(record.created_at),
        }
        for record in lookups.list_clients(database)
    ]
    print_rows(rows, as_json=as_json, empty="There is no client yet; register one with: authserver client add FILE")


@client.command(cls=TakesId)
@click.argument("client_id")
@json_option
def show(client_id: str, *, as_json: bool) -> None:
    """Print one client's metadata."""
    _, database = open_deployment()
    record = lookups.find_client(database, client_id)
    if record is None:
        fail(f"there is no client {client_id}")
    disabled = {} if record.disabled_at is None else {"disabled_at": moment(record.disabled_at)}
    itself = {} if record.registered_by is None else {"registered_by": record.registered_by}
    print_record({**record.metadata, **itself, **disabled}, as_json=as_json)


@client.command(cls=TakesId)
@click.argument("client_id")
@click.argument("file", type=click.File(encoding="utf-8"))
@operation
def update(client_id: str, file: TextIO, reason: str, *, as_json: bool) -> None:
    """Replace a client's metadata with FILE (- reads standard input); its secret does not change."""
    operator = open_operator()
    metadata = operator.perform(UpdateClient(client_id, _read_document(file), reason=reason))
    note_doubts(metadata, operator.settings)
    print_record(metadata, as_json=as_json)


@client.command(cls=TakesId, name="rotate-secret")
@click.argument("client_id")
@click.option(
    "--overlap",
    "overlap_hours",
    type=click.IntRange(min=0),
    default=USUAL_OVERLAP_SECONDS // 3600,
    show_default=True,
    help="For how many hours the current secret stays valid.",
)
@click.option("--at-once", is_flag=True, help="End the current secret now, for example because it leaked.")
@click.option(
    "--import-from-stdin", "imports", is_flag=True, help="Take the secret from standard input instead of making one."
)
@operation
def rotate_secret(
    client_id: str, overlap_hours: int, reason: str, *, at_once: bool, imports: bool, as_json: bool
) -> None:
    """Give a client a new secret and print it once; the current one stays valid for a while.

    A secret that the client has already, from another server, is read from standard input and not printed.
    """
    act = RotateClientSecret(client_id, 0 if at_once else overlap_hours * 3600, reason=reason)
    made = open_operator().perform(act, secret=sys.stdin.readline().rstrip("\r\n") if imports else None)
    if not imports:
        note("The client_secret is shown this once.")
    note("Servers take it within two seconds.")
    shown = {} if imports else {"client_secret": made.client_secret}
    ends = "at once" if made.previous_until is None else moment(made.previous_until)
    print_record({"client_id": client_id, **shown, "previous_secret_ends": ends}, as_json=as_json)


@client.command(cls=TakesId)
@click.argument("client_id")
@operation
def disable(client_id: str, reason: str, *, as_json: bool) -> None:
    """Refuse a client and its tokens until it is enabled again."""
    open_operator().perform(DisableClient(client_id, reason=reason))
    print_done(f"{client_id} is disabled.", {"client_id": client_id, "state": "disabled"}, as_json=as_json)


@client.command(cls=TakesId)
@click.argument("client_id")
@operation
def enable(client_id: str, reason: str, *, as_json: bool) -> None:
    """Accept a disabled client again."""
    open_operator().perform(EnableClient(client_id, reason=reason))
    print_done(f"{client_id} is enabled.", {"client_id": client_id, "state": "enabled"}, as_json=as_json)


@client.command(cls=TakesId)
@click.argument("client_id")
@cannot_be_undone("Its tokens stop working at once, for good. Delete it?")
@operation
def delete(client_id: str, reason: str, *, as_json: bool) -> None:
    """Delete a client permanently, with everything that people allowed it; its id is never used again.

    Safe to repeat where it was stopped halfway.
    """
    open_operator().perform(DeleteClient(client_id, reason=reason))
    print_done(f"Deleted {client_id}.", {"client_id": client_id, "state": "deleted"}, as_json=as_json)


def _read_document(file: TextIO) -> dict[str, object]:
    try:
        document = json.load(file)
    except (ValueError, RecursionError) as error:
        fail(f"{file.name} is not JSON: {error}")
    if not isinstance(document, dict):
        fail("metadata: The metadata must be a JSON object. [RFC7591-2]")
    return document
