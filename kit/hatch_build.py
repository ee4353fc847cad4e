"""What of the tree belongs to the kit: the modules of `authserver.resource`, and whatever these import."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent.parent
_KIT = "authserver/resource"


class KitBuildHook(BuildHookInterface[Any]):
    """Puts the kit's modules into the wheel; there is no list of them to keep."""

    PLUGIN_NAME = "custom"

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Name the files, before the wheel is built."""
        build_data["force_include"] |= {str(ROOT / name): name for name in kit_files(ROOT)}


def kit_files(root: Path) -> list[str]:
    """Return the paths of every module that the kit needs, relative to the root of the tree, in order."""
    found: set[Path] = set()
    waiting = sorted((root / _KIT).glob("*.py"))
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += _packages_of(root, module)
            waiting += _imported(root, module)
    return sorted(module.relative_to(root).as_posix() for module in found)


def _packages_of(root: Path, module: Path) -> Iterator[Path]:
    for folder in module.parents:
        if folder == root:
            return
        yield folder / "__init__.py"


def _imported(root: Path, module: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = root.joinpath(*name.split("."))
            yield from (each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file())
