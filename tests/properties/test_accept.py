"""The Accept header: whatever it holds, a type is chosen, and never one that it does not name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.web.machine.accept import asks_for

SIGNED, JSON = "application/token-introspection+jwt", "application/json"
_qualities = st.one_of(st.just(""), st.floats(0, 1).map(lambda value: f";q={value:.3f}"))
_types = st.sampled_from([SIGNED, JSON, "*/*", "text/x"])
_elements = st.builds(lambda name, quality: name + quality, _types, _qualities)


@pytest.mark.spec("RFC9110-12.5.1", "RFC9701-4-1")
@given(st.text() | st.lists(_elements | st.text(",;=/*q0.1 ", max_size=8)).map(",".join))
def test_only_a_type_that_is_named_is_chosen(accept: str) -> None:
    assert SIGNED in accept.lower() or not asks_for(accept, SIGNED, JSON)


@pytest.mark.spec("RFC9110-12.5.1")
@given(st.integers(0, 1000), st.integers(0, 1000), st.booleans())
def test_the_better_liked_type_is_chosen_in_whatever_order(signed: int, plain: int, turned: bool) -> None:  # noqa: FBT001 - drawn
    wanted = [f"{SIGNED};q={signed / 1000:.3f}", f"{JSON}; q={plain / 1000:.3f}"]
    accept = ", ".join(reversed(wanted) if turned else wanted)
    assert asks_for(accept, SIGNED, JSON) == (signed > 0 and signed >= plain)
