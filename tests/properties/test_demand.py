from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.protocol.assurance import strongest, weakest_known
from authserver.protocol.demand import parse_max_age, parse_prompts
from authserver.protocol.errors import InvalidRequest
from authserver.protocol.names import ACR_LADDER

_PROMPTS = ["none", "login", "consent", "select_account"]
prompts = st.lists(st.sampled_from([*_PROMPTS, "create", "NONE", ""]), max_size=4).map(" ".join) | st.text(max_size=20)
acrs = st.lists(st.sampled_from([*ACR_LADDER, "unknown", "0"]), max_size=5)


def _is_accepted(act: Callable[[], object]) -> bool:
    try:
        act()
    except InvalidRequest:
        return False
    return True


@pytest.mark.spec("OIDCC-3.1.2.1")
@given(prompts)
def test_prompts_are_known_ones_and_none_stands_alone(text: str) -> None:
    values = set(text.split())
    expected = values <= set(_PROMPTS) and (values == {"none"} or "none" not in values)
    assert _is_accepted(lambda: parse_prompts(text)) == expected
    if expected:
        assert parse_prompts(text) == values


@pytest.mark.spec("OIDCC-3.1.2.1")
@given(st.integers(0, 10**9 - 1))
def test_a_whole_number_of_seconds_is_read(seconds: int) -> None:
    assert parse_max_age(str(seconds)) == seconds


@pytest.mark.spec("OIDCC-3.1.2.1")
@given(st.text(max_size=12) | st.sampled_from(["-1", "1.0", "1e3", "\u0661", "\u00b2", " 1", "1_0", "9" * 5000]))
def test_no_other_text_is(text: str) -> None:
    expected = 0 < len(text) <= 9 and set(text) <= set("0123456789")
    assert _is_accepted(lambda: parse_max_age(text)) == expected


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC9470-4")
@given(acrs)
def test_the_weakest_known_value_is_asked_for(asked: list[str]) -> None:
    weakest = weakest_known(tuple(asked))
    known = [acr for acr in asked if acr in ACR_LADDER]
    assert (weakest is None) == (not known)
    assert all(ACR_LADDER.index(weakest or "") <= ACR_LADDER.index(acr) for acr in known)


@given(st.lists(st.none() | st.sampled_from(ACR_LADDER), max_size=5))
def test_of_several_demands_the_strongest_holds(demands: list[str | None]) -> None:
    held = strongest(*demands)
    heights = [ACR_LADDER.index(acr) for acr in demands if acr is not None]
    assert (held is None) == (not heights)
    if held is not None:
        assert ACR_LADDER.index(held) == max(heights)
