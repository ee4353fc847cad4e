"""A reason is one line that shows all of itself, or it is refused."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authserver.operations.acts import LONGEST_REASON, LockAccount


def _is_line(text: str) -> bool:
    return len(text) <= LONGEST_REASON and len(text.splitlines()) <= 1 and all(map(_is_seen, text))


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(max_size=LONGEST_REASON + 5))
@example("case 4711: Überweisung, déjà vu")
@example("a\nb")
@example("a" * (LONGEST_REASON + 1))
def test_a_reason_is_kept_as_it_is_or_refused(text: str) -> None:
    try:
        act = LockAccount("a", reason=text)
    except ValueError:
        return
    assert act.reason == text
    assert _is_line(text)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=LONGEST_REASON))
def test_what_anyone_would_write_is_taken(text: str) -> None:
    if all(character.isascii() or character.isalpha() for character in text):
        assert LockAccount("a", reason=text).reason == text


def test_a_reason_is_no_place_for_a_value_by_its_position() -> None:
    with pytest.raises(TypeError):
        LockAccount("a", "because")  # type: ignore[call-arg]  # that it cannot be given so is what is tested
