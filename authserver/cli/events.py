"""`authserver events`: what happened, as it is recorded."""

import json
import re
import time
from collections.abc import Sequence
from typing import Final

import click

from authserver.cli.deployment import open_deployment
from authserver.cli.operators import cannot_be_undone, open_operator, operation
from authserver.cli.output import json_option, moment, note, print_done, print_rows
from authserver.clock import system_clock
from authserver.db.engine import Database
from authserver.db.writes import Row
from authserver.events.readers import Reader, catch_up
from authserver.operations import lookups
from authserver.operations.acts import RemoveReader
from authserver.operations.lookups import RecordedEvent
from authserver.protocol.errors import TemporarilyUnavailable

_SECONDS_BETWEEN_LOOKS: Final = 1.0
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


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


def _reader_name(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if not _NAME.fullmatch(value):
        raise click.BadParameter("a reader's name is 1 to 64 lower-case letters, digits, dots, hyphens and underscores")
    return value


@events.command()
@click.argument("name", callback=_reader_name)
@click.option(
    "--start",
    type=click.Choice(["now", "beginning"]),
    default="now",
    show_default=True,
    help="Where a reader that is not known yet begins.",
)
@click.option("--once", is_flag=True, help="End when all that is recorded by now was printed.")
def follow(name: str, start: str, *, once: bool) -> None:
    """Print what is recorded from now on, one JSON object a line, as the reader NAME, which keeps its position.

    After a stop it goes on where it was. Several may follow under one name, on any node, and share the events. A line
    is printed again where the command dies before its position is written: its `event_id` is the same.
    """
    _, database = open_deployment()
    reader = Reader(name, _print_lines, from_beginning=start == "beginning")
    while True:
        if not _next_batch(database, reader, is_patient=not once):
            if once:
                return
            time.sleep(_SECONDS_BETWEEN_LOOKS)


def _next_batch(database: Database, reader: Reader, *, is_patient: bool) -> int:
    try:
        return catch_up(database, reader, system_clock)
    except TemporarilyUnavailable as error:
        if not is_patient:
            raise
        note(f"The database does not answer ({error.reason}); trying again.")
        return 0


def _print_lines(batch: Sequence[RecordedEvent]) -> Sequence[Row]:
    for each in batch:
        click.echo(json.dumps(_line(each), ensure_ascii=False))  # each is flushed: what was read is out of our hands
    return ()


def _line(each: RecordedEvent) -> dict[str, object]:
    return {
        "position": each.position,
        "event_id": each.event_id,
        "event": each.kind,
        "at": each.happened_at,
        "actor_role": each.actor_role,
        "actor": each.actor,
        "account_id": each.account_id,
        "client_id": each.client_id or "",
        "reason": each.reason,
        "detail": json.loads(each.detail),
        "correlation_id": each.correlation_id,
    }


@events.command()
@json_option
def readers(*, as_json: bool) -> None:
    """List those who read what is recorded: how far each has come, and how much it has not read yet."""
    _, database = open_deployment()
    as_time = (lambda seconds: seconds) if as_json else moment
    rows = [
        {
            "reader": each.name,
            "position": each.position,
            "unread": unread,
            "oldest_unread": as_time(oldest),
            "read_at": as_time(each.read_at),
            "since": as_time(each.started_at),
            "failed_attempts": each.attempts,
            "error": each.error,
        }
        for each, unread, oldest in lookups.list_readers(database)
    ]
    print_rows(rows, as_json=as_json, empty="Nobody reads events yet. See: authserver events follow")


@events.command(name="remove-reader")
@click.argument("name", callback=_reader_name)
@cannot_be_undone("Remove the reader with its position?")
@operation
def remove_reader(name: str, reason: str, *, as_json: bool) -> None:
    """Remove the reader NAME with its position; one of that name that reads again begins anew."""
    open_operator().perform(RemoveReader(name, reason=reason))
    print_done(f"{name} reads no more.", {"reader": name, "state": "removed"}, as_json=as_json)
