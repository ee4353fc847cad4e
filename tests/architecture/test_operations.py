"""Acts of operators are plain values, each is done and refused in one place, and each command says why it does it."""

import json
from typing import Any, get_type_hints

import click
import pytest
from msgspec.structs import asdict, fields

from authserver.cli.refusals import WORDS
from authserver.operations import acts, refusals
from authserver.operations.acts import Act
from authserver.operations.perform import HANDLERS
from authserver.operations.refusals import OperationRefused
from docs.render_reference import commands

_ACTS = [
    member for member in vars(acts).values() if isinstance(member, type) and issubclass(member, Act) and member != Act
]
_REFUSALS = [
    member
    for member in vars(refusals).values()
    if isinstance(member, type) and issubclass(member, OperationRefused) and member != OperationRefused
]
# The plainest value of each type that a field of an act may have.
_PLAIN: dict[object, object] = {
    str: "a",
    int: 7,
    bool: True,
    str | None: "b",
    get_type_hints(acts.AddClient)["metadata"]: {"scope": "openid", "resource": ["https://bank.example/"]},
    get_type_hints(acts.UpdateAccount)["claims"]: {"name": "Alice"},
}
_CHANGES_NOTHING = {
    "assess", "client list", "client show", "db check", "events list", "events readers", "keys list",
    "keys plan", "sca export", "sca list", "sca verify", "user activity", "user list", "user show",
}  # fmt: skip
_HAS_NO_RECORD = {
    "events follow",  # it moves its own position, at each look
    "db upgrade",  # it makes the tables in which all else is recorded
    "demo", "serve",  # they run until they are stopped
}  # fmt: skip
_PRINTS_NO_DATA = {"demo", "events follow", "sca export", "serve"}  # what is followed is JSON in any case
_COMMANDS = [(" ".join(words), command) for words, command in commands()]


def _sample(kind: type[Act[Any]]) -> Act[Any]:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {field.name: _PLAIN[hints[field.name]] for field in fields(kind)}
    return kind(**values)


def _options(command: click.Command) -> set[str]:
    return {name for param in command.params for name in param.opts}


def test_each_act_is_done_in_one_place() -> None:
    assert set(HANDLERS) == set(_ACTS)
    assert len(set(HANDLERS.values())) == len(_ACTS)


@pytest.mark.parametrize("kind", _ACTS, ids=lambda kind: kind.__name__)
def test_an_act_can_be_written_down_and_read_again(kind: type[Act[Any]]) -> None:
    act = _sample(kind)
    assert kind(**json.loads(json.dumps(asdict(act)))) == act


@pytest.mark.parametrize("kind", _ACTS, ids=lambda kind: kind.__name__)
def test_no_act_holds_a_secret(kind: type[Act[Any]]) -> None:
    named = {word for field in fields(kind) for word in field.name.split("_")}
    assert not named & {"secret", "password", "seed", "token", "code", "hash", "handle"}


def test_each_refusal_has_its_sentence() -> None:
    assert set(WORDS) == set(_REFUSALS)


@pytest.mark.parametrize(("words", "command"), _COMMANDS)
def test_a_command_that_changes_something_takes_a_reason(words: str, command: click.Command) -> None:
    assert ("--reason" in _options(command)) == (words not in _CHANGES_NOTHING | _HAS_NO_RECORD)


@pytest.mark.parametrize(("words", "command"), _COMMANDS)
def test_a_command_can_be_read_by_a_program(words: str, command: click.Command) -> None:
    assert ("--json" in _options(command)) == (words not in _PRINTS_NO_DATA)
