"""The requirement matrix is current, cites only what exists, and has no gap where the product may have none."""

import ast
from pathlib import Path

import pytest

from conformance import render_requirements as requirements

_FAMILIES, _OTHERS = requirements.read_families()
_NO_GAPS_IN = [family for family in _FAMILIES if family.priority == "P0"]


@pytest.fixture(scope="module")
def matrix() -> requirements.Matrix:
    """The matrix of the tree as it stands."""
    return requirements.build()


def _family(name: str) -> requirements.Family:
    return next(family for family in _FAMILIES if family.name == name)


def test_the_rendered_matrix_is_current(matrix: requirements.Matrix) -> None:
    current = requirements.render(matrix) == requirements.RENDERED.read_text(encoding="utf-8")
    assert current, "conformance/requirements.md is stale: run `make matrix`"


def test_every_citation_names_a_known_clause(matrix: requirements.Matrix) -> None:
    found = matrix.unknown()
    assert not found, "add these to conformance/clauses.toml, or mend them:\n" + "\n".join(found)


def test_every_clause_is_listed_once_under_its_family_with_a_known_level() -> None:
    ids = [clause.id for family in _FAMILIES for clause in family.clauses]
    assert len(ids) == len(set(ids))
    for family in _FAMILIES:
        for clause in family.clauses:
            assert clause.id.startswith(f"{family.name}-")
            assert clause.level in {"SHALL", "MUST", "SHOULD", "MAY"}
            assert clause.binds in {"AS", "RS"}


@pytest.mark.parametrize("family", _NO_GAPS_IN, ids=lambda family: family.name)
def test_every_clause_of_first_priority_has_a_check_and_a_test(
    matrix: requirements.Matrix, family: requirements.Family
) -> None:
    gaps = matrix.gaps(family)
    assert not gaps, f"{len(gaps)} without a check or a test:\n" + "\n".join(gaps)


@pytest.mark.parametrize(
    ("docstring", "cited"),
    [
        ("Do.\n\nSpec: RFC9449-4.3, RFC7638-3.", ["RFC9449-4.3", "RFC7638-3"]),
        ("Do.\n\nSpec: RFC9449-4.3,\nRFC7638-3\n\nRaises RFC1-1.", ["RFC9449-4.3", "RFC7638-3"]),
        ("Do as RFC9449-4.3 says.", []),
    ],
)
def test_a_docstring_cites_on_its_spec_line_alone(docstring: str, cited: list[str]) -> None:
    assert list(requirements.spec_ids(docstring)) == cited


def _tree(folder: Path, code: str, test: str) -> requirements.Matrix:
    for name, text in (("authserver/a.py", code), ("tests/test_a.py", test)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        ast.parse(text)
    return requirements.build(folder)


def test_checks_and_tests_are_found_where_they_stand(tmp_path: Path) -> None:
    matrix = _tree(
        tmp_path,
        "class C:\n    def f(self):\n        '''Do.\n\n        Spec: RFC7636-4.6-1\n        '''\n"
        "def g():\n    raise InvalidGrant('No.', clause='RFC7636-4.2-1')\n",
        "import pytest\npytestmark = pytest.mark.spec('RFC7636-4.1-1')\n"
        "@pytest.mark.spec('RFC7636-4.6-1', 'RFC7636-4.2-1')\ndef test_it(): ...\n",
    )
    assert set(matrix.checks) == {
        requirements.Citation("RFC7636-4.6-1", "a.py: C.f"),
        requirements.Citation("RFC7636-4.2-1", "a.py: g"),
    }
    assert set(matrix.tests) == {
        requirements.Citation("RFC7636-4.1-1", "test_a.py"),
        requirements.Citation("RFC7636-4.6-1", "test_a.py: test_it"),
        requirements.Citation("RFC7636-4.2-1", "test_a.py: test_it"),
    }
    gaps = matrix.gaps(_family("RFC7636"))
    assert "RFC7636-4.6-1" not in gaps
    assert "RFC7636-4.1-1" in gaps  # tested, but checked nowhere


def test_a_section_stands_for_its_lines_and_not_for_its_subsections(tmp_path: Path) -> None:
    matrix = _tree(
        tmp_path,
        "def f():\n    '''Do.\n\n    Spec: RFC8705-2.1, FAPI2-SP-FINAL-5.3.4, FAPI2-SP-FINAL-5.4.1-1\n    '''\n",
        "import pytest\n"
        "@pytest.mark.spec('RFC8705-2.1', 'FAPI2-SP-FINAL-5.3.4', 'FAPI2-SP-FINAL-5.4.1-1')\ndef test_it(): ...\n",
    )
    assert not matrix.unknown()
    mutual_tls = matrix.gaps(_family("RFC8705"))
    assert "RFC8705-2.1-1" not in mutual_tls
    assert "RFC8705-2.1.2-1" in mutual_tls
    fapi = matrix.gaps(_family("FAPI2-SP-FINAL"))
    assert "FAPI2-SP-FINAL-5.4.1-1.2" not in fapi
    assert "FAPI2-SP-FINAL-5.3.4-1" in fapi  # the specification numbers these, so each wants its own citation


@pytest.mark.parametrize("cited", ["RFC7636-4.9", "RFC99999-1", "FAPI2-SP-FINAL-5.3.2.2-99", "RFC7636-4.6-7"])
def test_a_citation_of_nothing_is_reported(tmp_path: Path, cited: str) -> None:
    matrix = _tree(tmp_path, f"def f():\n    '''Do.\n\n    Spec: {cited}\n    '''\n", "")
    assert matrix.unknown() == [f"a.py: f cites {cited}"]


def test_a_stale_matrix_is_noticed(matrix: requirements.Matrix) -> None:
    other = requirements.Matrix(matrix.families, matrix.others, matrix.checks[1:], ())
    assert requirements.render(other) != requirements.render(matrix)
