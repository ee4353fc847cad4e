"""What the bench says of the interpreter it runs on, and which of several it would rather run on."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.interpreter import Build, best, describe_interpreters, judge, read_build

_PROFILED = "'--enable-optimizations' '--with-lto' '--enable-shared'"
_HERE = Path("/somewhere/python3")


def _told(**changes: object) -> Mapping[str, Any]:
    return {
        "name": "CPython",
        "version": [3, 13, 5],
        "arguments": "",
        "says_shared": False,
        "is_shared": False,
        "has_lock": True,
        **changes,
    }


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (_told(arguments=_PROFILED), "PGO yes, LTO yes, static"),
        (_told(arguments=_PROFILED, says_shared=True, is_shared=True), "PGO yes, LTO yes, shared library"),
        (_told(arguments="'--enable-shared'", says_shared=True, is_shared=True), "PGO no, LTO no, shared library"),
        (_told(arguments="'--enable-shared'", says_shared=True), "PGO unknown, LTO unknown, static"),
        (_told(), "PGO no, LTO no, static"),
        (_told(arguments="'--with-lto=thin'"), "PGO no, LTO yes, static"),
    ],
    ids=["official image", "profiled and shared", "pyenv", "Debian", "plain", "thin"],
)
def test_a_build_is_told_by_its_arguments_where_they_are_its_own(told: Mapping[str, Any], words: str) -> None:
    assert str(judge(_HERE, told)) == f"CPython 3.13.5, {words}"


def _build(pgo: str, *version: int, **told: object) -> Build:
    arguments = {"yes": "--enable-optimizations", "unknown": "", "no": ""}[pgo]
    return judge(_HERE, _told(arguments=arguments, says_shared=pgo == "unknown", version=[*version, 0], **told))


@pytest.mark.parametrize(
    ("builds", "chosen"),
    [
        ([_build("no", 3, 14), _build("yes", 3, 11)], 1),
        ([_build("no", 3, 13), _build("unknown", 3, 11)], 1),
        ([_build("yes", 3, 13), _build("unknown", 3, 14)], 0),
        ([_build("yes", 3, 13), _build("yes", 3, 14), _build("yes", 3, 12)], 1),
        ([_build("yes", 3, 9), _build("no", 3, 11)], 1),
        ([_build("yes", 3, 99), _build("no", 3, 11)], 1),
        ([_build("yes", 3, 14, has_lock=False), _build("no", 3, 11)], 1),
        ([_build("yes", 3, 11, name="PyPy"), _build("no", 3, 11)], 1),
    ],
)
def test_a_profile_counts_for_more_than_a_version_and_what_is_not_supported_for_nothing(
    builds: list[Build], chosen: int
) -> None:
    assert best(builds) is builds[chosen]


def test_where_nothing_is_supported_nothing_is_best() -> None:
    assert best([]) is best([_build("yes", 3, 8)]) is None


def test_an_interpreter_tells_of_itself(tmp_path: Path) -> None:
    own = read_build(Path(sys.executable))
    assert own is not None
    assert own.version == sys.version_info[:3]
    assert str(own) in describe_interpreters()
    deaf = tmp_path / "python3"
    deaf.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    deaf.chmod(0o755)
    assert read_build(deaf) is None
    assert read_build(tmp_path / "none") is None
