"""Renders conformance/requirements.md: each clause, where the code checks it, which tests prove it.

A check is a function, class or module under `authserver/` whose docstring cites the clause on its `Spec:` line, or that
holds the requirement id as a text of its own (`clause="RFC6749-5.2"`); also a `Spec:` line in `deploy/` or
`templates/`. A test is whatever bears `@pytest.mark.spec("RFC6749-5.2")`. The clauses are those of `clauses.toml`.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLAUSES = ROOT / "conformance" / "clauses.toml"
RENDERED = ROOT / "conformance" / "requirements.md"

_GAP = "\N{EM DASH}"
_SECTION = "\N{SECTION SIGN} "
_SHOWN = 3
_SPEC_LINE = re.compile(r"\bSpec:\s*(.+?)(?:\n\s*\n|\Z)", re.DOTALL)
_SPEC_COMMENT = re.compile(r"\bSpec:\s*([^\n]+)")
_IDENTIFIER = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]*[A-Z][A-Z0-9]*)*-[0-9A-Z][0-9A-Za-z.]*(?:-[0-9][0-9.]*)?")


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of `clauses.toml`."""

    id: str
    level: str
    text: str
    binds: str = "AS"
    not_here: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A requirement id, and the place that cites it."""

    cited: str
    place: str


@dataclass(frozen=True, slots=True)
class Family:
    """One specification whose every binding clause has a line; `numbered` if the numbers are the specification's."""

    name: str
    title: str
    priority: str
    numbered: bool
    clauses: tuple[Clause, ...]

    def stand_in(self, clause: Clause) -> str:
        """Return what may stand for a clause besides itself: its section, or the item of which it is a part.

        `RFC9126-2.1-1` is part of `RFC9126-2.1`, `FAPI2-SP-FINAL-5.4.1-1.2` of `FAPI2-SP-FINAL-5.4.1-1`.
        """
        head, _, number = clause.id.rpartition("-")
        item, part, _ = number.rpartition(".")
        if part:
            return f"{head}-{item}"
        return "" if self.numbered else head

    def places(self, clause: Clause, citations: Iterable[Citation]) -> list[str]:
        """List the places that cite a clause; those that cite what stands for it come last and are marked."""
        citations = tuple(citations)
        stand_in = self.stand_in(clause)
        exact = dict.fromkeys(one.place for one in citations if one.cited == clause.id)
        loose = dict.fromkeys(one.place for one in citations if one.cited == stand_in and one.place not in exact)
        return [*exact, *(f"{_SECTION}{place}" for place in loose)]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The clauses with the citations that code and tests make."""

    families: tuple[Family, ...]
    others: frozenset[str]
    checks: tuple[Citation, ...]
    tests: tuple[Citation, ...]

    def unknown(self) -> list[str]:
        """Return every citation of a clause that no family knows, with its place."""
        return [f"{one.place} cites {one.cited}" for one in (*self.checks, *self.tests) if not self._knows(one.cited)]

    def gaps(self, family: Family) -> list[str]:
        """Return the binding clauses of a family that lack a check or a test."""
        return [
            clause.id
            for clause in family.clauses
            if not clause.not_here and not (family.places(clause, self.checks) and family.places(clause, self.tests))
        ]

    def _knows(self, cited: str) -> bool:
        names = [*(family.name for family in self.families), *self.others]
        owner = max((name for name in names if cited.startswith(f"{name}-")), key=len, default="")
        if owner in self.others:
            return True
        ids = [clause.id for family in self.families if family.name == owner for clause in family.clauses]
        return any(one == cited or one.startswith((f"{cited}-", f"{cited}.")) for one in ids)


def read_families() -> tuple[tuple[Family, ...], frozenset[str]]:
    """Read the families with their clauses, and the names of the other specifications that may be cited."""
    document = tomllib.loads(CLAUSES.read_text(encoding="utf-8"))
    families = tuple(
        Family(
            name,
            body["title"],
            body["priority"],
            body.get("numbered", False),
            tuple(Clause(**clause) for clause in body["clauses"]),
        )
        for name, body in document["family"].items()
    )
    return families, frozenset(document["other"])


def spec_ids(docstring: str) -> Iterator[str]:
    """Yield what a docstring lists on its `Spec:` line, up to the end of that paragraph."""
    for match in _SPEC_LINE.finditer(docstring):
        for word in re.split(r"[,\s]+", match.group(1)):
            if word.rstrip("."):
                yield word.rstrip(".")


def find_checks(root: Path) -> Iterator[Citation]:
    """Yield every citation in the code, the templates and the deployment files."""
    package = root / "authserver"
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package).as_posix()
        yield from _in_module(ast.parse(path.read_text(encoding="utf-8")), place)
    for folder in ("deploy", "templates"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                for match in _SPEC_COMMENT.finditer(text):
                    for cited in _IDENTIFIER.findall(match.group(1)):
                        yield Citation(cited.rstrip("."), path.relative_to(root).as_posix())


def _in_module(tree: ast.Module, place: str) -> Iterator[Citation]:
    def visit(node: ast.AST, name: str) -> Iterator[Citation]:
        docstring = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if not isinstance(node, ast.Module):
                name = f"{name}.{node.name}" if name else node.name
            docstring = ast.get_docstring(node)
        where = f"{place}: {name}" if name else place
        yield from (Citation(cited, where) for cited in spec_ids(docstring or ""))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _IDENTIFIER.fullmatch(node.value):
            yield Citation(node.value, where)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, name)

    return visit(tree, "")


def find_tests(root: Path) -> Iterator[Citation]:
    """Yield every clause that a test, a class of tests, one case or a whole file is marked with."""
    folder = root / "tests"
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            yield from (Citation(cited, where) for cited, where in _marks(node, place))


def _marks(node: ast.stmt, place: str) -> Iterator[tuple[str, str]]:
    named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    where = f"{place}: {node.name}" if named else place  # type: ignore[attr-defined]  # `named` says it has one
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "spec":
            for argument in call.args:
                if isinstance(argument, ast.Constant):
                    yield str(argument.value), where


def build(root: Path = ROOT) -> Matrix:
    """Read the clauses and find everything that cites them."""
    families, others = read_families()
    # A text that only looks like a requirement id ("SHA-256") is no citation: its family is declared nowhere.
    names = tuple(f"{name}-" for name in (*(family.name for family in families), *others))
    checks = [one for one in find_checks(root) if one.cited.startswith((*names, "RFC", "FAPI", "OIDC"))]
    return Matrix(families, others, tuple(checks), tuple(find_tests(root)))


def render(matrix: Matrix) -> str:
    """Render the whole document."""
    lines = [
        "# Requirements: clause, check, test",
        "",
        "Rendered by `make matrix` from `clauses.toml`, the `Spec:` lines and clauses in the code, and the marks on",
        "the tests; a test holds it current. `\N{EM DASH}` is a gap. `\N{SECTION SIGN}` marks a place that cites the",
        "whole section rather than the line. RS: the resource-server kit answers for the line.",
        "",
        "| specification | priority | lines | not here | checked | tested | gaps |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(_summary(matrix, family) for family in matrix.families),
    ]
    for family in matrix.families:
        lines += ["", f"## {family.name}: {family.title}", "", "| clause | level | demands | check | test |"]
        lines += ["|---|---|---|---|---|", *(_row(matrix, family, clause) for clause in family.clauses)]
    return "\n".join(lines) + "\n"


def _summary(matrix: Matrix, family: Family) -> str:
    binding = [clause for clause in family.clauses if not clause.not_here]
    checked = [clause.id for clause in binding if family.places(clause, matrix.checks)]
    tested = [clause.id for clause in binding if family.places(clause, matrix.tests)]
    gaps = len(matrix.gaps(family))
    counts = [len(family.clauses), len(family.clauses) - len(binding), len(checked), len(tested), gaps]
    return f"| {family.name} | {family.priority} | " + " | ".join(map(str, counts)) + " |"


def _row(matrix: Matrix, family: Family, clause: Clause) -> str:
    level = clause.level if clause.binds == "AS" else f"{clause.level} ({clause.binds})"
    if clause.not_here:
        return f"| {clause.id} | {level} | {clause.text} | not here: {clause.not_here} | |"
    check, test = (_cell(family.places(clause, citations)) for citations in (matrix.checks, matrix.tests))
    return f"| {clause.id} | {level} | {clause.text} | {check} | {test} |"


def _cell(places: list[str]) -> str:
    if not places:
        return _GAP
    more = len(places) - _SHOWN
    return "<br>".join(places[:_SHOWN]) + (f"<br>and {more} more" if more > 0 else "")


def main() -> int:
    """Write the document; with `--check`, only tell whether it is current."""
    rendered = render(build())
    if "--check" in sys.argv[1:]:
        return int(RENDERED.read_text(encoding="utf-8") != rendered)
    RENDERED.write_text(rendered, encoding="utf-8")
    print(f"wrote {RENDERED.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
