"""The rule for tests that need a system program: skipped aloud on a bare machine, failed where CI=true."""

from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_CONFTEST = """
from tests.support import programs
programs.PROGRAMS["teapot"] = programs.Program(("no-such-teapot-anywhere",), "brew one")
pytest_plugins = ["tests.support.programs"]
"""
_TESTS = """
import pytest

@pytest.fixture
def started():
    raise RuntimeError("a fixture ran although the program is missing")

@pytest.mark.teapot
def test_one(started): ...

@pytest.mark.teapot
def test_two(): ...

def test_three(): ...
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """Two tests that need a teapot, which no machine has, and one that does not."""
    pytester.makeini(f"[pytest]\npythonpath = {_ROOT}\nmarkers =\n    teapot: needs a teapot\n")
    pytester.makeconftest(_CONFTEST)
    pytester.makepyfile(_TESTS)
    return pytester


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_missing_program_skips_its_tests_with_one_loud_closing_line(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = suite.runpytest_subprocess("-n", workers)
    result.assert_outcomes(passed=1, skipped=2)
    loud = [line for line in result.outlines if line.startswith("NOT TESTED")]
    assert loud == ["NOT TESTED: teapot is missing, 2 tests did not run. Mend it: brew one"]


def test_a_missing_program_is_a_failure_in_ci(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*CI=true, where nothing is skipped: teapot is not on this machine: brew one*"])
