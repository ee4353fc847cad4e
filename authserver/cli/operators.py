"""Having an act done by a command: who asks, why, and what is said when it is refused."""

import os
import pwd
from collections.abc import Callable
from typing import Any, TypeVar

import click

from authserver.accounts.model import Account
from authserver.app.notices import build_queue, post_of
from authserver.app.operations import operation_parts
from authserver.cli.deployment import open_deployment, require_envelope
from authserver.cli.output import fail, json_option, note
from authserver.cli.refusals import in_words
from authserver.cli.system_log import tell_system_log
from authserver.clock import system_clock
from authserver.db.engine import Database
from authserver.events.journal import Journal
from authserver.events.model import Actor, operator
from authserver.operations.acts import Act
from authserver.operations.context import OperationParts
from authserver.operations.perform import perform
from authserver.operations.refusals import OperationRefused
from authserver.outbound.sender import DeliveryWorker
from authserver.protocol.errors import InvalidClientMetadata
from authserver.settings.model import Settings
from authserver.values import Assembly, replace

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Outcome = TypeVar("_Outcome")


class _Reason(click.ParamType[str]):
    """Why something is done, as acts take it."""

    name = "text"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the reason, or end the command as wrongly used."""
        try:
            return Act(reason=value).reason
        except ValueError as error:
            self.fail(str(error), param, ctx)


reason_option = click.option(
    "--reason",
    type=_Reason(),
    default="",
    help="The reason, one line of at most 200 characters; it is recorded with the change.",
)


def operation(command: _Command) -> _Command:
    """Give a command what each that changes something takes: `--reason` and `--json`."""
    return reason_option(json_option(command))


def cannot_be_undone(question: str) -> Callable[[_Command], _Command]:
    """Have a command ask before it does something for good, unless `--yes` answers."""
    return click.confirmation_option(prompt=question)


def current_actor() -> Actor:
    """Return who has this command do something: the user of the operating system, and on whose behalf they say to act.

    A name in the environment would be whatever its user says.
    """
    user_id = os.getuid()
    try:
        user = pwd.getpwuid(user_id).pw_name
    except KeyError:  # a container may run as a user that no file names
        user = f"uid {user_id}"
    context = click.get_current_context(silent=True)
    asker = context.find_object(str) if context is not None else None  # kept there by `main`
    return operator(f"{asker} (as {user})" if asker else user)


class Operator(Assembly, frozen=True):
    """Who has acts done by a command, and what they work with; `letters` is the queue of what people are told."""

    actor: Actor
    settings: Settings
    parts: OperationParts
    letters: DeliveryWorker | None

    @property
    def database(self) -> Database:
        """Return the deployment's database."""
        return self.parts.database

    def perform(self, act: Act[_Outcome], *, secret: str | None = None, now: int | None = None) -> _Outcome:
        """Do an act and return what came of it, or end the command with why it was refused."""
        try:
            return perform(act, self.actor, system_clock() if now is None else now, self.parts, secret=secret)
        except OperationRefused as refusal:
            fail(in_words(refusal))
        except InvalidClientMetadata as error:
            fail(f"{error.member}: {error.description} [{error.clause}]")

    def reporting(self, report: Callable[[str, int], None]) -> "Operator":
        """Return the same, told of how far a long act is."""
        return replace(self, parts=replace(self.parts, report=report))

    def send_letters(self, account: Account) -> None:
        """Tell the person at once of what was done to their account for them, or for someone who only said so.

        Spec: ASVS5-6.3.7
        """
        if self.letters is not None and not self.letters.send_to(account.account_id, system_clock()):
            note(f"{account.username} could not be told of it yet; a running server tries again. See NOTICES.")


def open_operator() -> Operator:
    """Return who runs this command, at the deployment that the settings name, or end the command."""
    return operator_of(*open_deployment())


def operator_of(settings: Settings, database: Database, actor: Actor | None = None) -> Operator:
    """Return an actor, by default who runs this command, with a deployment's database."""
    letters = build_queue(settings, database, lambda _event: None, system_clock)
    journal = Journal(tell_system_log, post_of(letters))
    parts = operation_parts(settings, database, lambda: require_envelope(settings), journal)
    return Operator(actor or current_actor(), settings, parts, letters)
