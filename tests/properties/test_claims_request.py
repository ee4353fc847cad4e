import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.protocol.claims_request import ClaimsRequest, parse_claims_request
from authserver.protocol.errors import InvalidRequest

_numbers = st.floats(allow_nan=False, allow_infinity=False)  # JSON has no others
_leaves = st.none() | st.booleans() | st.integers() | _numbers | st.text(max_size=6)
_json = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(["email", "name", "given_name", "acr", "auth_time", "x"]) | st.text(max_size=6)
_member = st.none() | st.fixed_dictionaries({}, optional={"essential": st.booleans(), "value": st.text(max_size=4)})
sections = st.dictionaries(_names, _member, max_size=5)
documents = st.fixed_dictionaries({}, optional={"id_token": sections, "userinfo": sections, "other": _json})
broken = st.sampled_from([
    "", "{", "[]", "1", "null", '"x"', "[" * 5000, '{"a":' * 3000, "9" * 5000, "NaN", "Infinity", "\ufeff{}",
    '{"other":-Infinity}',
    '{"id_token":{"a":NaN}}', '{"userinfo":{"\\ud800":null}}', '{"id_token":{"acr":{"value":"\\udfff"}}}',
    '{"id_token":[]}', '{"userinfo":{"a":1}}',
])  # fmt: skip


def _parse(text: str) -> ClaimsRequest | None:
    try:
        return parse_claims_request(text)
    except InvalidRequest:
        return None


@given(st.text(max_size=40) | _json.map(json.dumps) | broken)
def test_any_text_is_read_or_refused_as_invalid(text: str) -> None:
    asked = _parse(text)
    if asked is not None:
        "".join((*asked.id_token, *asked.userinfo, *asked.acr_values)).encode("utf-8")


@pytest.mark.spec("OIDCC-5.5")
@given(broken)
def test_what_is_no_object_of_objects_is_refused(text: str) -> None:
    assert _parse(text) is None


@pytest.mark.spec("OIDCC-5.5", "OIDCC-5.5.1")
@given(documents)
def test_the_claims_asked_for_are_those_named_and_no_others(document: dict[str, Any]) -> None:
    asked = parse_claims_request(json.dumps(document))
    assert asked.id_token == tuple(document.get("id_token", ()))
    assert asked.userinfo == tuple(document.get("userinfo", ()))


@pytest.mark.spec("OIDCC-5.5.1.1")
@given(documents, st.lists(st.text(max_size=6), max_size=4), st.booleans())
def test_the_acr_asked_for_is_read_from_the_id_token_alone(
    document: dict[str, Any],
    values: list[str],
    essential: bool,  # noqa: FBT001 - drawn
) -> None:
    wanted = {"essential": essential, "values": values}
    section = {**document.get("id_token", {}), "acr": wanted}
    asked = parse_claims_request(json.dumps({**document, "id_token": section}))
    assert (asked.acr_values, asked.acr_essential) == (tuple(values), essential)
    elsewhere = parse_claims_request(json.dumps({"userinfo": {"acr": wanted}}))
    assert (elsewhere.acr_values, elsewhere.acr_essential) == ((), False)


@given(st.integers(8193, 9000))
def test_more_than_any_honest_request_is_refused(length: int) -> None:
    assert _parse('{"x":"' + "a" * (length - 8) + '"}') is None
