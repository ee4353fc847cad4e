"""`authserver events`: what happened, as it is recorded."""

import json

import click

from authserver.cli.deployment import open_deployment
from authserver.cli.output import json_option, moment, print_rows
from authserver.operations import lookups


@click.group()
def events() -> None:
    """See recorded changes: who made them, to which account or client, and why."""


@events.command(name="list")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=100,
    show_default=True,
    help="How many events at most, latest first.",
)
@json_option
def list_command(limit: int, *, as_json: bool) -> None:
    """List the latest recorded events; an operator's act also shows who did it and why."""
    _, database = open_deployment()
    rows = [
        {
            "at": moment(each.happened_at),
            "event": each.kind,
            "by": f"{each.actor_role} {each.actor}".rstrip(),
            "account_id": each.account_id,
            "client_id": each.client_id or "",
            "reason": each.reason,
            "detail": json.loads(each.detail) if as_json else each.detail,
            "correlation_id": each.correlation_id,
        }
        for each in lookups.list_events(database, limit)
    ]
    print_rows(rows, as_json=as_json, empty="Nothing is recorded yet.")
