"""A public class has a name of its own: whoever reads it, or looks for it, finds one thing."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from tests.support.source import PACKAGE, modules


def _shared_names(trees: Iterable[tuple[PurePosixPath, ast.Module]]) -> Mapping[str, list[str]]:
    """Return each public class name that stands in more than one place, with those places."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees:
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{path}:{node.lineno}")
    return {name: found for name, found in places.items() if len(found) > 1}


def test_a_name_that_is_used_twice_is_caught() -> None:
    trees = [(PurePosixPath(name), ast.parse("class Step: pass\nclass _Kept: pass")) for name in ("a.py", "b.py")]
    assert _shared_names(trees) == {"Step": ["a.py:1", "b.py:1"]}


def test_no_two_public_classes_share_a_name() -> None:
    trees = [(PurePosixPath(path.relative_to(PACKAGE).as_posix()), tree) for path, tree in modules()]
    assert not _shared_names(trees)
