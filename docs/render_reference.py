"""Render the reference pages from the settings, the commands and the types of details themselves.

Run by `make docs`. `--check` only tells whether the pages are current, and `--dir` names another folder of pages.
"""

import argparse
import ast
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import click
from msgspec.structs import FieldInfo

from authserver.cli.main import main as command_line
from authserver.protocol.details.registry import TYPES
from authserver.settings.describe import default_of, may_be
from authserver.settings.load import CONFIG_VARIABLE
from authserver.settings.model import ENVIRONMENT_PREFIX, FIELDS, Settings
from authserver.settings.public import PublicSettings

_FOLDER = Path(__file__).resolve().parent
_WRITTEN_BY = "<!-- Rendered by `make docs`; a test holds it current. Change the code, not this page. -->"


def render_configuration() -> str:
    """Render every setting: its name, default, what it may be, what it does."""
    descriptions = find_descriptions()
    lines = [
        "# Configuration",
        "",
        _WRITTEN_BY,
        "",
        f"Every setting is an environment variable, or a line of the TOML file that `{CONFIG_VARIABLE}` names; the",
        f"environment goes first. In the file the prefix `{ENVIRONMENT_PREFIX}` may be left out, and case is free:",
        '`code_lifetime = 30`, `trusted_proxies = ["unix"]`. To have a default leave a variable unset: empty is',
        "a value. Relative paths start at the working directory.",
        "",
        "A value that cannot be stops the start with the setting's name, what it was and what it may be. So does a",
        f"name that begins with `{ENVIRONMENT_PREFIX}` and is none of these. Secrets are never repeated.",
        "",
        "| setting | default | may be | what it does |",
        "|---|---|---|---|",
        *(_setting(field, descriptions[name]) for name, field in FIELDS.items()),
    ]
    return "\n".join(lines) + "\n"


def find_descriptions() -> dict[str, str]:
    """Return what the text below each setting says that it does, by the setting's name."""
    classes = [each for each in Settings.__mro__ if issubclass(each, PublicSettings)]
    bodies = [ast.parse(inspect.getsource(each)).body[0] for each in classes]
    return {
        line.target.id: " ".join(below.value.value.split())
        for body in bodies
        if isinstance(body, ast.ClassDef)
        for line, below in pairwise(body.body)
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def _setting(field: FieldInfo, description: str) -> str:
    default = default_of(field)
    cells = [f"`{ENVIRONMENT_PREFIX}{field.name.upper()}`", f"`{default}`" if default else "", may_be(field).text]
    return "| " + " | ".join([*cells, description]) + " |"


def render_commands() -> str:
    """Render every command with its arguments and options."""
    lines = [
        "# Commands",
        "",
        _WRITTEN_BY,
        "",
        f"Settings come from `{ENVIRONMENT_PREFIX}*` and the file that `{CONFIG_VARIABLE}` names: see",
        "[configuration.md](configuration.md). Exit code 0: done. 1: refused, failed, or something was found. 2: wrong",
        "usage. Data goes to standard output, as JSON with `--json`; everything else goes to standard error.",
        "",
        "What a command changes is recorded with who did it, the user of the operating system, and why: `--reason`.",
        "Where one user runs commands for others, `authserver --on-behalf-of NAME ...` says who asked.",
    ]
    for words, command in commands():
        lines += ["", f"## `authserver {' '.join(words)}`", "", *_command(command)]
    return "\n".join(lines) + "\n"


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command that does something, with the words that call it."""
    yield from _below((), command_line)


def _below(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield words, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from _below((*words, name), found)


def _command(command: click.Command) -> list[str]:
    paragraphs = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    lines = [line for paragraph in paragraphs for line in (paragraph, "")]
    arguments = [
        each.make_metavar(click.Context(command)) for each in command.params if isinstance(each, click.Argument)
    ]
    if arguments:
        lines += [f"Arguments: `{' '.join(arguments)}`", ""]
    lines += [_option(each) for each in command.params if isinstance(each, click.Option)]
    return lines if lines[-1] else lines[:-1]


def _option(option: click.Option) -> str:
    is_default_shown = option.show_default and option.default is not None
    default = f" Default: `{option.default}`." if is_default_shown else ""
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(command_line))}"
    return f"* `{', '.join(option.opts)}{value}`: {option.help}{default}"


def render_detail_schemas() -> str:
    """Render the JSON Schema of every type of authorization details, by its name."""
    schemas = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Rendered by `make docs`; a test holds it current. Change the code, not this file.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in TYPES],
        "$defs": {
            name: {"$id": f"urn:authserver:authorization-details:{name}", **known.schema()}
            for name, known in TYPES.items()
        },
    }
    return json.dumps(schemas, indent=2) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": render_configuration,
    "cli.md": render_commands,
    "authorization-details.schema.json": render_detail_schemas,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages; with `--check`, only name those that are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--dir", type=Path, default=_FOLDER)
    asked = parser.parse_args(arguments)
    stale = []
    for name, render in PAGES.items():
        path, rendered = asked.dir / name, render()
        if not asked.check:
            path.write_text(rendered, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != rendered:
            stale.append(name)
    print("\n".join(f"docs/{name} is stale: run `make docs`" for name in stale) or "docs: current")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
