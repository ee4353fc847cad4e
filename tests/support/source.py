"""The product's source as syntax trees, parsed once for all rules that read it; nobody may change what they get."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "authserver"


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Return the path and the tree of each module."""
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(PACKAGE.rglob("*.py")))
