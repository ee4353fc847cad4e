"""Whatever a query or form holds: read once and whole, or refused in the one expected way."""

from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.protocol.errors import InvalidRequest
from authserver.protocol.params import Params, parse_params

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
filled = texts.filter(bool)
names = filled.filter(lambda name: name != "resource")
fragments = st.sampled_from(
    ["a=1", "a", "=", "&", ";", "%", "%zz", "%00", "%ff", "resource=x", "+", "\x00", "é", "a=%E2%82"]
)


def _read(encoded: str) -> Params | None:
    try:
        return parse_params(encoded)
    except InvalidRequest:
        return None


@given(
    st.text(max_size=60) | st.lists(fragments, max_size=8).map("&".join) | st.lists(fragments, max_size=8).map("".join)
)
def test_any_text_is_read_or_refused_as_invalid(encoded: str) -> None:
    params = _read(encoded)
    if params is not None:
        assert all(params.get(name) or params.get_all(name) for name in params)
        assert not any("\x00" in name + "".join(params.get_all(name)) + (params.get(name) or "") for name in params)


@given(
    st.text(max_size=60) | st.lists(fragments, max_size=8).map("&".join) | st.lists(fragments, max_size=80).map("".join)
)
def test_a_text_is_taken_apart_as_by_the_standard_library(encoded: str) -> None:
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, errors="strict", max_num_fields=64)
    except ValueError:
        assert _read(encoded) is None
        return
    params = _read(encoded)
    if params is not None:
        assert [value for name, value in pairs if name == "resource" and value] == list(params.get_all("resource"))
        assert {name: value for name, value in pairs if value and name != "resource"} == {
            name: params.get(name) for name in params if name != "resource"
        }
    else:
        names = [name for name, _ in pairs if name != "resource"]
        assert len(names) > len(set(names)) or any("\x00" in name + value for name, value in pairs)


@pytest.mark.spec("RFC6749-3.1-3", "RFC6749-B-1")
@given(st.dictionaries(names, texts, max_size=12))
def test_parameters_come_out_as_they_went_in_and_empty_ones_are_absent(sent: dict[str, str]) -> None:
    params = parse_params(urlencode(sent))
    for name, value in sent.items():
        assert params.get(name) == (value or None)
        assert (name in params) == bool(value)
    assert set(params) == {name for name, value in sent.items() if value}


@pytest.mark.spec("RFC6749-3.1-3")
@given(st.dictionaries(names, texts, min_size=1, max_size=6), st.randoms(use_true_random=False), texts)
def test_one_name_given_twice_is_refused_whatever_its_values(
    sent: dict[str, str], random: st.DataObject, again: str
) -> None:
    pairs = [*sent.items(), (random.choice(sorted(sent)), again)]  # type: ignore[attr-defined]  # Hypothesis types it as object
    random.shuffle(pairs)  # type: ignore[attr-defined]  # the same
    with pytest.raises(InvalidRequest):
        parse_params(urlencode(pairs))


@pytest.mark.spec("RFC8707-2")
@given(st.lists(texts, max_size=8))
def test_resources_may_repeat_and_keep_their_order(resources: list[str]) -> None:
    params = parse_params(urlencode([("resource", value) for value in resources]))
    assert params.get_all("resource") == tuple(value for value in resources if value)


@given(st.integers(65, 200))
def test_more_parameters_than_any_honest_request_has_are_refused(count: int) -> None:
    with pytest.raises(InvalidRequest):
        parse_params("&".join(f"p{number}=v" for number in range(count)))


@pytest.mark.spec("RFC6749-B-1")
@given(st.binary(min_size=1, max_size=8))
def test_only_utf_8_is_read(value: bytes) -> None:
    params = _read("state=" + quote(value, safe=""))
    assert (params.get("state") if params is not None else None) == _as_text(value)


def _as_text(octets: bytes) -> str | None:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


@given(names, filled)
def test_a_refusal_names_the_parameter_and_nothing_that_was_received(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_params(urlencode([(name, value), (name, value)]))
    assert refused.value.description == "A parameter appears more than once."
