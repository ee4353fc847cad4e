"""`authserver keys`: the keys that sign."""

import click

from authserver.cli.deployment import open_deployment, require_envelope
from authserver.cli.output import TakesId, fail, json_option, moment, print_rows
from authserver.clock import system_clock
from authserver.keys import store
from authserver.keys.model import ARCHIVED, StoredKey
from authserver.keys.rotation import RotationPolicy, plan_rotation
from authserver.profiles.catalogue import signing_algorithms


@click.group()
def keys() -> None:
    """See and rotate signing keys: announce, sign, retire, remove to the archive."""


@keys.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List every key; private parts are never shown."""
    _, database = open_deployment()
    with database.read() as connection:
        rows = [_row(key) for key in (*store.find_all(connection), *store.find_archived(connection))]
    print_rows(rows, as_json=as_json, empty="There is no key yet; make the first with: authserver init")


@keys.command()
@json_option
def plan(*, as_json: bool) -> None:
    """Say what a rotation would do now, and change nothing."""
    settings, database = open_deployment()
    with database.read() as connection:
        keys_now = store.find_all(connection)
    steps = plan_rotation(keys_now, system_clock(), RotationPolicy(), signing_algorithms(settings.profiles))
    rows = [{"action": step.action, "algorithm": step.algorithm, "kid": step.kid} for step in steps]
    print_rows(rows, as_json=as_json, empty="Nothing is due.")


@keys.command()
@json_option
def rotate(*, as_json: bool) -> None:
    """Do what the plan says is due; run it daily. Servers follow within seconds."""
    settings, database = open_deployment()
    envelope = require_envelope(settings)
    with database.transaction() as connection:
        needed = signing_algorithms(settings.profiles)
        steps = store.rotate_keys(connection, envelope, RotationPolicy(), system_clock(), needed)
    rows = [{"action": step.action, "algorithm": step.algorithm, "kid": step.kid} for step in steps]
    print_rows(rows, as_json=as_json, empty="Nothing was due.")


@keys.command(cls=TakesId)
@click.argument("kid")
@click.option("--compromised", is_flag=True, help="Also stop believing what it signed, and keep it in no archive.")
def retire(kid: str, *, compromised: bool) -> None:
    """Stop signing with a key at once; a new key of its algorithm takes its place."""
    settings, database = open_deployment()
    envelope = require_envelope(settings)
    now = system_clock()
    with database.transaction() as connection:
        known = (*store.find_all(connection), *store.find_archived(connection))
        found = next((key for key in known if key.kid == kid), None)
        if found is None:
            fail(f"there is no key {kid}")
        is_over = found.state in {"retired", ARCHIVED}
        if is_over and not compromised:
            fail(f"{kid} is retired already")
        if not is_over:
            store.update_state(connection, found, "retired", now)
        if compromised:
            store.delete_key(connection, kid)
        if not is_over:
            store.provision_keys(connection, envelope, (found.algorithm,), now)
    belief = "nothing it signed is believed" if compromised else "what it signed before can be checked"
    click.echo(f"{kid} is retired; {belief}.")


def _row(key: StoredKey) -> dict[str, object]:
    return {"kid": key.kid, "algorithm": key.algorithm, "state": key.state, "since": moment(key.created_at)}
