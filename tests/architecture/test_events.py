"""Every kind of event stands in the catalogue, is told somewhere, and has its line for the operator."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from authserver.events import catalogue
from authserver.events.catalogue import KINDS
from authserver.events.model import Event, Kind
from tests.support.source import ROOT, modules

CATALOGUE = ROOT / "authserver" / "events" / "catalogue.py"
LINES = dict(
    re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.*) \|$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
)
CONSTANTS = {name: value for name, value in vars(catalogue).items() if isinstance(value, Kind)}


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    return ((path, tree) for path, tree in modules() if path != CATALOGUE)


def _logged(kind: Kind) -> str:
    return Event(kind, 0).name


def test_every_line_of_the_log_has_its_line_in_the_documents() -> None:
    assert LINES.keys() == {_logged(kind) for kind in KINDS.values()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_an_alarm_is_called_one(kind: Kind) -> None:
    assert LINES[_logged(kind)].startswith("**alarm**") == kind.is_alarm


def test_no_two_kinds_have_one_name() -> None:
    assert len(KINDS) == len(CONSTANTS)
    assert [kind.name.replace(".", "_").upper() for kind in CONSTANTS.values()] == list(CONSTANTS)


def test_kinds_are_made_in_the_catalogue_alone() -> None:
    made = [
        path
        for path, tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Kind"
    ]
    assert made == []


def test_every_kind_is_told_somewhere() -> None:
    used = {node.id for _, tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for _, tree in _trees() for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert CONSTANTS.keys() <= used


def test_an_event_tells_only_what_its_kind_names() -> None:
    assert Event(catalogue.SIGN_IN_SUCCEEDED, 1, detail={"method": "pwd"}).detail == {"method": "pwd"}
    with pytest.raises(ValueError, match="alone"):
        Event(catalogue.SIGN_IN_SUCCEEDED, 1, detail={"password": "hunter2"})


def test_no_kind_names_a_secret() -> None:
    named = {word for kind in KINDS.values() for detail in kind.detail for word in detail.split("_")}
    assert not named & {"token", "code", "secret", "password", "pan", "key", "cookie", "handle", "iban"}
