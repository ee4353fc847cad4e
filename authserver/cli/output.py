"""What every command shares: settings or a clear end, and data for people or for programs."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Never

import click

from authserver.settings.load import SettingsError, load_settings
from authserver.settings.model import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


_LONGEST_OPTION = 20


class TakesId(click.Command):
    """A command about an id of ours, which are random and so may begin with a hyphen, as options do.

    What is no option and no value of one, and too long to be a misspelt option, is an id.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep ids from being read as options."""
        if not any(arg.startswith("-") and len(arg) > _LONGEST_OPTION for arg in args):
            return super().parse_args(ctx, args)
        options, rest, left = list[str](), list[str](), iter(args)
        takes_value = self._options(ctx)
        for arg in left:
            name, has_value, _ = arg.partition("=")
            if name not in takes_value:
                rest += [arg] if arg != "--" else []
            elif takes_value[name] and not has_value:
                options += [arg, *islice(left, 1)]
            else:
                options.append(arg)
        return super().parse_args(ctx, [*options, "--", *rest])

    def _options(self, ctx: click.Context) -> dict[str, bool]:
        """Return each option with whether a value follows it."""
        params = (each for each in self.get_params(ctx) if isinstance(each, click.Option))
        return {name: not option.is_flag for option in params for name in option.opts}


def read_settings() -> Settings:
    """Return the settings, or end the command with what is wrong."""
    try:
        return load_settings()
    except SettingsError as error:
        fail(str(error))


def fail(message: str) -> Never:
    """End the command as refused or failed, with exit code 1."""
    raise click.ClickException(message)


def print_record(record: Mapping[str, object], *, as_json: bool) -> None:
    """Print one thing: its members one a line, or JSON."""
    if as_json:
        click.echo(json.dumps(record, indent=2))
        return
    width = max((len(name) for name in record), default=0)
    for name, value in record.items():
        text = value if isinstance(value, str) else json.dumps(value)
        click.echo(f"{name.ljust(width)}  {text}")


def print_done(sentence: str, record: Mapping[str, object], *, as_json: bool) -> None:
    """Say in a sentence what was done, or as JSON."""
    if as_json:
        print_record(record, as_json=True)
    else:
        click.echo(sentence)


def print_rows(rows: Iterable[Mapping[str, object]], *, as_json: bool, empty: str) -> None:
    """Print many things as a table, or JSON; `empty` is said where there are none."""
    listed = list(rows)
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    if not listed:
        click.echo(empty)
        return
    columns = list(listed[0])
    cells = [columns, *([str(row[column]) for column in columns] for row in listed)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def moment(seconds: int | None) -> str:
    """Return a time as people read it, or nothing."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def note(text: str) -> None:
    """Say something beside the data, on standard error, so that `--json` stays clean."""
    with suppress(OSError):  # its place is full, or nobody reads: no reason to end a command, a server least of all
        click.echo(text, err=True)
