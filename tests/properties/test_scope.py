from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.protocol.errors import InvalidScope
from authserver.protocol.scope import check_scope_within, format_scope, parse_scope

_ALLOWED = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\']
tokens = st.text(st.sampled_from(_ALLOWED), min_size=1, max_size=12)
lists = st.lists(tokens, max_size=8)
not_allowed = st.characters(exclude_characters=[*_ALLOWED, " "])


def _is_accepted(act: Callable[[], object]) -> bool:
    try:
        act()
    except InvalidScope:
        return False
    return True


@pytest.mark.spec("RFC6749-3.3")
@given(lists)
def test_a_scope_is_read_as_it_was_written_each_token_once(asked: list[str]) -> None:
    parsed = parse_scope(format_scope(asked))
    assert parsed == tuple(dict.fromkeys(asked))
    assert parse_scope(format_scope(parsed)) == parsed


@pytest.mark.spec("RFC6749-3.3")
@given(lists, not_allowed, st.integers(0, 100))
def test_one_character_outside_the_syntax_refuses_the_whole_scope(asked: list[str], bad: str, place: int) -> None:
    text = format_scope(asked)
    cut = place % (len(text) + 1)
    with pytest.raises(InvalidScope):
        parse_scope(text[:cut] + bad + text[cut:])


@given(st.text() | st.none())
def test_any_text_is_read_or_refused(text: str | None) -> None:
    characters = set(text or "") - {" "}
    assert _is_accepted(lambda: parse_scope(text)) == (characters <= set(_ALLOWED))


@pytest.mark.spec("RFC6749-3.3", "RFC6749-6-2")
@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_a_scope_is_within_another_only_if_every_token_is(asked: set[str], allowed: set[str]) -> None:
    assert _is_accepted(lambda: check_scope_within(asked, allowed)) == asked.issubset(allowed)
