"""A client's own limit is a text that can be a limit, or it is not stored."""

import pytest

from authserver.clients.metadata import parse_metadata
from authserver.limits.notation import parse_limits
from authserver.protocol.errors import InvalidClientMetadata


@pytest.mark.parametrize("text", ["1/second", "600/minute", "600/minute;10000/hour", "999999999/day"])
def test_a_limit_is_stored_as_it_is_written_and_can_be_counted(text: str) -> None:
    assert parse_metadata({"request_limit": text}).request_limit == text
    assert len(parse_limits(text)) == text.count(";") + 1


@pytest.mark.spec("RFC7591-2")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "0/minute",
        "many",
        "10/minute\n",
        " 10/minute",
        "10/minute;",
        "10/fortnight",
        "9" * 300 + "/day",
        10,
        ["1/day"],
    ],
)
def test_anything_else_is_refused_by_name(text: object) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        parse_metadata({"request_limit": text})
    assert refused.value.member == "request_limit"
