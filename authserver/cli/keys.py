"""`authserver keys`: the keys that sign."""

from collections.abc import Iterable

import click

from authserver.cli.deployment import open_deployment
from authserver.cli.operators import open_operator, operation
from authserver.cli.output import TakesId, json_option, moment, print_done, print_rows
from authserver.clock import system_clock
from authserver.keys.model import StoredKey
from authserver.keys.rotation import RotationStep
from authserver.operations import lookups
from authserver.operations.acts import RetireCompromisedKey, RetireKey, RotateKeys


@click.group()
def keys() -> None:
    """See and rotate signing keys: publish, sign, retire, archive."""


@keys.command(name="list")
@json_option
def list_command(*, as_json: bool) -> None:
    """List every key, without private parts."""
    _, database = open_deployment()
    rows = [_row(key) for key in lookups.list_keys(database)]
    print_rows(rows, as_json=as_json, empty="There is no key yet; make the first with: authserver init")


@keys.command()
@json_option
def plan(*, as_json: bool) -> None:
    """Show what a rotation would do now, without changing anything."""
    settings, database = open_deployment()
    steps = lookups.plan_keys(database, settings.profiles, system_clock())
    print_rows(_steps(steps), as_json=as_json, empty="Nothing is due.")


@keys.command()
@operation
def rotate(reason: str, *, as_json: bool) -> None:
    """Rotate the keys that are due; run it daily. Running servers follow within seconds."""
    steps = open_operator().perform(RotateKeys(reason=reason))
    print_rows(_steps(steps), as_json=as_json, empty="Nothing was due.")


@keys.command(cls=TakesId)
@click.argument("kid")
@click.option("--compromised", is_flag=True, help="Also stop accepting what it signed, and do not archive it.")
@operation
def retire(kid: str, reason: str, *, compromised: bool, as_json: bool) -> None:
    """Stop signing with a key at once; a new key for its algorithm replaces it."""
    open_operator().perform((RetireCompromisedKey if compromised else RetireKey)(kid, reason=reason))
    belief = "nothing it signed is believed" if compromised else "what it signed before can be checked"
    record = {"kid": kid, "state": "retired", "compromised": compromised}
    print_done(f"{kid} is retired; {belief}.", record, as_json=as_json)


def _steps(steps: Iterable[RotationStep]) -> list[dict[str, object]]:
    return [{"action": step.action, "algorithm": step.algorithm, "kid": step.kid} for step in steps]


def _row(key: StoredKey) -> dict[str, object]:
    return {"kid": key.kid, "algorithm": key.algorithm, "state": key.state, "since": moment(key.created_at)}
