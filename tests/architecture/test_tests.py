"""Rules about the tests themselves; each is shown to fail on a bad sample first."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[1]
_MAY_SKIP = _TESTS / "support" / "programs.py"
_SKIPS = {"skip", "skipif", "importorskip"}


def nothing_is_skipped_past_ci(tree: ast.Module) -> Iterator[str]:
    """Only `skip_or_fail` skips: where CI=true it fails instead."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.ImportFrom) and node.module == "pytest":
            yield from (f"line {node.lineno}: {each.name}" for each in node.names if each.name in _SKIPS)


_BAD = [
    (nothing_is_skipped_past_ci, "def test_a():\n    pytest.skip('no')"),
    (nothing_is_skipped_past_ci, "@pytest.mark.skipif(True, reason='no')\ndef test_a(): ..."),
    (nothing_is_skipped_past_ci, "@pytest.mark.skip\ndef test_a(): ..."),
    (nothing_is_skipped_past_ci, "peer = pytest.importorskip('peer')"),
    (nothing_is_skipped_past_ci, "from pytest import skip"),
]

Rule = Callable[[ast.Module], Iterator[str]]


@pytest.mark.parametrize(("rule", "source"), _BAD)
def test_a_bad_sample_is_caught(rule: Rule, source: str) -> None:
    assert list(rule(ast.parse(source)))


@pytest.mark.parametrize("rule", [nothing_is_skipped_past_ci])
def test_the_tests_keep_the_rule(rule: Rule) -> None:
    broken = {
        path.relative_to(_TESTS).as_posix(): found
        for path in sorted(_TESTS.rglob("*.py"))
        if path != _MAY_SKIP and (found := list(rule(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert not broken
