"""The command's entry: finds the noun and loads its module alone, so that no command pays for another's imports."""

import gc
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Final

import click

from authserver.protocol.errors import OAuthError
from authserver.protocol.safe_text import is_unseen

_LONGEST_NAME: Final = 64

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "assess": ("authserver.cli.assess:assess", "Judge this deployment, or one client, by its profile."),
    "client": ("authserver.cli.client:client", "Register clients and resource servers."),
    "db": ("authserver.cli.db:db", "Migrate, check and purge the database."),
    "demo": ("authserver.cli.demo:demo", "Run the whole of it on this machine, to click through or to check."),
    "events": ("authserver.cli.events:events", "See what happened, who did it, and why."),
    "init": ("authserver.cli.init:init", "Write configuration, master key, schema and first signing keys."),
    "keys": ("authserver.cli.keys:keys", "See and rotate signing keys."),
    "sca": ("authserver.cli.sca:sca", "Export and check proofs that a person approved a payment."),
    "serve": ("authserver.cli.serve:serve", "Serve, with our own TLS or behind a proxy."),
    "user": ("authserver.cli.user:user", "Create and manage accounts."),
}
"""Each noun with the place of its command and a line for the help."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the nouns."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a noun, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(_import(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; trouble that reaches as far as here ends it as failed, in one line."""
        try:
            return super().invoke(ctx)
        except UnicodeError:  # an argument, or standard input, which may be a password
            raise click.ClickException("what was given holds octets that are no text in UTF-8") from None
        except OAuthError as error:
            raise click.ClickException(f"{error.description} ({error.reason})") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the nouns into the help without importing any of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in sorted(COMMANDS.items())])


def _import(module: str) -> ModuleType:
    """Import a module without looking for garbage: what modules make stays, and the search is a tenth of the start."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.enable()


def _keep_name(context: click.Context, _option: click.Parameter, name: str) -> None:
    """Keep for the command on whose behalf it is called."""
    if len(name) > _LONGEST_NAME or any(map(is_unseen, name)):
        raise click.BadParameter(f"a name has at most {_LONGEST_NAME} characters, in one line")
    context.obj = name


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--on-behalf-of",
    metavar="NAME",
    default="",
    callback=_keep_name,
    expose_value=False,
    help="Who asked for it, where this system user runs commands for others; recorded with the change.",
)
@click.version_option(package_name="authserver")
def main() -> None:
    """Run an authorization server for financial-grade APIs.

    Settings are read from AUTHSERVER_* variables and the TOML file that AUTHSERVER_CONFIG names.
    """


if __name__ == "__main__":
    main()
