"""Every kind of event stands in the catalogue, is told somewhere, and has its line for the operator."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authserver.events import catalogue
from authserver.events.catalogue import KINDS, find_kind
from authserver.events.model import Event, Kind
from authserver.operations.acts import Act
from authserver.operations.perform import HANDLERS
from tests.support.source import ROOT, modules

CATALOGUE = ROOT / "authserver" / "events" / "catalogue.py"
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`[a-z_]+\.[a-z_]+`(?:, `[a-z_]+\.[a-z_]+`)*) \| (.*) \|$", PAGE, re.MULTILINE)
LINES = {name: line for names, line in ROWS for name in re.findall(r"[a-z_]+\.[a-z_]+", names)}
CONSTANTS = {name: value for name, value in vars(catalogue).items() if isinstance(value, Kind)}


def _trees() -> Iterator[tuple[Path, ast.Module]]:
    return ((path, tree) for path, tree in modules() if path != CATALOGUE)


def _logged(kind: Kind) -> str:
    return Event(kind, 0).name


def test_every_kind_has_its_line_in_the_documents() -> None:
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


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_who_gets_a_letter_finds_it_under_activity_too(kind: Kind) -> None:
    if kind.letter is not None:
        assert kind.words is not None
    if kind.words is not None:
        assert kind.is_recorded


def test_no_two_kinds_are_listed_alike() -> None:
    assert len({kind.activity for kind in KINDS.values()}) == len(KINDS)
    for kind in KINDS.values():
        assert find_kind(kind.name) == find_kind(kind.activity) == kind


def _members(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, set[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node, {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


@pytest.mark.parametrize("act", list(HANDLERS), ids=lambda act: act.__name__)
def test_every_act_of_an_operator_has_its_record(act: type[Act[Any]]) -> None:
    """The function that does an act records it, or has another of its module do so."""
    handler = HANDLERS[act]
    tree = ast.parse(Path(inspect.getfile(handler)).read_text(encoding="utf-8"))
    functions = {node.name: (node, members) for node, members in _members(tree)}
    recording = {name for name, (_, members) in functions.items() if "record" in members}
    node, _ = functions[handler.__name__]
    called = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    assert handler.__name__ in recording or called & recording


def test_every_form_that_a_person_sends_in_their_account_has_its_record() -> None:
    """A page with a form of its own changes something; `second_factor` and `overview` only lead on."""
    pages = list((ROOT / "authserver" / "selfservice" / "pages").glob("*.py"))
    posting = {path.stem for path in pages if ".post(" in path.read_text(encoding="utf-8")}
    recording = {path.stem for path in pages if re.search(r"record\(", path.read_text(encoding="utf-8"))}
    assert posting - recording <= {"overview"}
