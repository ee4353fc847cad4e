"""The glossary and the code use the same words: what it names exists, and the domain's classes are in it."""

import ast
import re
from pathlib import Path

from tests.support.source import PACKAGE, ROOT, modules

_ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]*) \| (`[^|]+`) \|$", re.MULTILINE)
_DOMAIN = {"model.py", "asked.py"}


def _glossary() -> list[tuple[str, list[str]]]:
    """Return each term with the names of the code that its line points to."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return [(row[0], re.findall(r"`(\w+)`", row[3])) for row in _ROW.findall(text)]


def _defined(tree: ast.Module) -> set[str]:
    """Return what a module defines: its classes, functions and constants, methods among them."""
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    targets += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
    return names | {target.id for target in targets if isinstance(target, ast.Name)}


def _domain_classes(path: Path, tree: ast.Module) -> set[str]:
    if path.name not in _DOMAIN:
        return set()
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}


def test_each_line_of_the_glossary_is_read() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    assert len(_glossary()) == sum(line.startswith("| ") for line in text.splitlines()) - 1


def test_what_the_glossary_names_is_in_the_code() -> None:
    defined = set().union(*(_defined(tree) for _, tree in modules()))
    assert not {(term, name) for term, names in _glossary() for name in names if name not in defined}


def test_the_classes_of_each_model_are_in_the_glossary() -> None:
    named = {name for _, names in _glossary() for name in names}
    missing = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path, tree in modules()
        for name in _domain_classes(path, tree) - named
    }
    assert not missing, "each needs its line in docs/glossary.md"


def test_the_glossary_is_in_order_and_says_each_term_once() -> None:
    terms = [term.lower() for term, _ in _glossary()]
    assert terms == sorted(set(terms))
