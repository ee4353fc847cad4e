"""The documents are true: rendered pages are current, and what the others name exists."""

import ast
import importlib
import json
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from authserver.cli.main import COMMANDS
from authserver.cli.main import main as command_line
from authserver.clients.registration import prepare_registration
from authserver.protocol import errors
from authserver.settings.model import ENVIRONMENT_PREFIX, FIELDS
from docs import render_reference

_ROOT = Path(__file__).resolve().parents[2]
_DOCS = _ROOT / "docs"
_PACKAGE = _ROOT / "authserver"
_PAGES = [
    _ROOT / "README.md",
    _ROOT / "SECURITY.md",
    _ROOT / "CONTRIBUTING.md",
    _ROOT / "tests" / "README.md",
    *sorted(_DOCS.rglob("*.md")),
    *sorted(_ROOT.glob("deploy/*/*.md")),
    _ROOT / "kit" / "README.md",
]
_ALL_COMMANDS = list(render_reference.commands())
_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"\b([a-z_]+(?:/[a-z_]+)+)\.(?!py\b)([A-Za-z_]+)\b")
_NO_SETTINGS = {"AUTHSERVER_CONFIG", "CLIENT_ID", "HTTP_CLIENT_CERT"}
_STATUS = re.compile(r"Status: (?:accepted|(?:accepted, in part )?superseded by \[(\d{4})\]\(\1-[a-z0-9-]+\.md\))")
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def _text(name: str) -> str:
    return (_DOCS / name).read_text(encoding="utf-8")


def _fenced(text: str, language: str) -> list[str]:
    return [body for found, body in _FENCED.findall(text) if found == language]


def _id(value: object) -> str:
    return " ".join(value) if isinstance(value, tuple) else getattr(value, "name", "")


def _check(folder: Path) -> int:
    return render_reference.main(["--check", "--dir", str(folder)])


def test_the_rendered_pages_are_current() -> None:
    assert _check(_DOCS) == 0, "run `make docs`"


@pytest.mark.parametrize("name", sorted(render_reference.PAGES))
def test_a_stale_page_is_noticed(tmp_path: Path, name: str) -> None:
    for page in render_reference.PAGES:
        shutil.copy(_DOCS / page, tmp_path)
    (tmp_path / name).write_text(_text(name).replace("`", "'", 1), encoding="utf-8")
    assert _check(tmp_path) == 1


@pytest.mark.parametrize(("words", "command"), _ALL_COMMANDS, ids=_id)
def test_every_command_and_option_says_what_it_does(words: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    assert f"## `authserver {' '.join(words)}`" in _text("cli.md")
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert f"* `{option.opts[0]}" in _text("cli.md")


def test_the_help_of_a_noun_is_in_words_of_its_own() -> None:
    context = click.Context(command_line)
    for noun, (_, summary) in COMMANDS.items():
        command = command_line.get_command(context, noun)
        assert command is not None
        assert summary.endswith(".")
        assert command.help


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_described(name: str) -> None:
    assert name in render_reference.find_descriptions()
    assert f"| `{ENVIRONMENT_PREFIX}{name.upper()}` |" in _text("configuration.md")


@pytest.mark.parametrize("page", _PAGES, ids=_id)
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(rf"{ENVIRONMENT_PREFIX}([A-Z][A-Z_]*[A-Z])", text)) - {"CONFIG"}
    named |= set(re.findall(r"`([A-Z]+_[A-Z_]*[A-Z])`", text)) - _NO_SETTINGS
    bare = {name.removeprefix(ENVIRONMENT_PREFIX).lower() for name in named}
    assert bare <= set(FIELDS)


@pytest.mark.parametrize("page", _PAGES, ids=_id)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", _PAGES, ids=_id)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {words[:length] for words, _ in _ALL_COMMANDS for length in (1, 2)}
    spans = [*re.findall(r"`([^`\n]+)`", text), *(line for block in _fenced(text, "sh") for line in block.splitlines())]
    for span in spans:
        called = re.search(r"(?:^|/bin/)authserver ([a-z]+)(?: ([a-z-]+))?", span)
        if called and called[1] in COMMANDS:
            words = tuple(word for word in called.groups() if word)
            assert words in known or words[:1] in [each for each, _ in _ALL_COMMANDS], span
        elif called:
            pytest.fail(f"no such command: {span}")
        made = re.match(r"make ([a-z]+)$", span.strip())
        assert not made or re.search(rf"^{made[1]}:", (_ROOT / "Makefile").read_text(), re.MULTILINE), span


@pytest.mark.parametrize(
    "example",
    _fenced(_text("clients.md"), "json") + _fenced(_text("protect-an-api.md"), "json"),
    ids=lambda text: json.loads(text)["client_id"],
)
@pytest.mark.spec("RFC7591-2")
def test_every_example_of_a_client_can_be_registered(example: str) -> None:
    registration = prepare_registration(json.loads(example), default_profile="fapi2")
    assert registration.client_id == json.loads(example)["client_id"]


def _codes() -> Iterator[tuple[str, int]]:
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, errors.OAuthError):
            yield value.code, value.status


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_what_the_examples_in_python_import_exists(page: Path) -> None:
    """Each example is Python, and the names that it takes from the package are there."""
    for language, code in _FENCED.findall(page.read_text(encoding="utf-8")):
        if language != "python":
            continue
        for node in ast.walk(ast.parse(textwrap.dedent(code))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("authserver"):
                module = importlib.import_module(str(node.module))
                assert not [alias.name for alias in node.names if not hasattr(module, alias.name)]


@pytest.mark.parametrize("page", sorted((_DOCS / "decisions").glob("*.md")), ids=_id)
def test_every_decision_has_a_number_and_a_status(page: Path) -> None:
    number, _, status = page.read_text(encoding="utf-8").split("\n", 3)[:3]
    assert number.startswith(f"# {page.name[:4]}: ")
    found = _STATUS.fullmatch(status)
    assert found is not None, "accepted, in part superseded by [NNNN](...), or superseded by [NNNN](...)"
    assert found[1] is None or found[1] > page.name[:4], "a decision is superseded by a later one"


def test_every_error_code_is_listed_with_its_status() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([\d, ]+) \|", _text("errors.md"), re.MULTILINE)
    listed = {code: {int(each) for each in statuses.split(",")} for code, statuses in rows}
    raised: dict[str, set[int]] = {}
    for code, status in _codes():
        raised.setdefault(code, set()).add(status)
    assert listed.keys() == raised.keys()
    assert all(raised[code] <= listed[code] for code in raised)


def _walks() -> str:
    return _text("architecture.md").partition("## Six walks")[2].partition("## Where to look")[0]


@pytest.mark.parametrize(("module", "name"), sorted(set(_STEP.findall(_walks()))), ids=_id)
def test_every_step_of_a_walk_exists(module: str, name: str) -> None:
    path = _PACKAGE / f"{module}.py"
    assert path.exists()
    names = {getattr(node, "name", "") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))}
    assert name in names


def test_the_walks_are_found_in_the_page() -> None:
    assert len(_STEP.findall(_walks())) > 30


def test_the_tree_names_every_package_and_no_other() -> None:
    tree = _text("architecture.md").partition("## The tree")[2].partition("## Direction")[0]
    listed = {
        name for row in re.findall(r"^\| ((?:`\w+/` ?)+)\|", tree, re.MULTILINE) for name in re.findall(r"\w+", row)
    }
    assert listed == {path.parent.name for path in _PACKAGE.glob("*/__init__.py")}


def test_the_layers_are_those_of_the_contract() -> None:
    drawn = _fenced(_text("architecture.md").partition("## Direction")[2], "")[0]
    rows = [set(re.findall(r"\w+", line.partition("   ")[0])) for line in drawn.splitlines()]
    contract = (_ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("layers = [")[2].partition("]")[0]
    layers = [set(re.findall(r"\w+", line)) for line in re.findall(r'"([^"]+)"', contract)]
    present = {path.stem for path in _PACKAGE.iterdir()}
    assert rows == [layer & present for layer in layers if layer & present]
