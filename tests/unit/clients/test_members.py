"""What is wrong with a member of a registration is said by its name and by what it should be, never by what it was."""

import pytest

from authserver.clients.metadata import ClientMetadata, parse_metadata, read_members
from authserver.protocol.errors import InvalidClientMetadata

_TEXT = "input should be a valid string"
_PATTERN = "[1-9][0-9]{0,8}/(second|minute|hour|day)"
_HALF = "\ud800"


@pytest.mark.spec("RFC7591-3.2.2")
@pytest.mark.parametrize(
    ("member", "value", "fault"),
    [
        ("redirect_uris", "https://a.example", "input should be a valid list"),
        ("redirect_uris", [1], _TEXT),
        ("redirect_uris", ["x"] * 51, "list should have at most 50 items after validation, not 51"),
        ("redirect_uris", ["x" * 2049], "string should have at most 2048 characters"),
        ("contacts", None, "input should be a valid list"),
        ("client_name", "x" * 256, "string should have at most 255 characters"),
        ("client_name", None, _TEXT),
        ("client_uri", _HALF, f"{_TEXT}, unable to parse raw data as a unicode string"),
        ("default_max_age", -1, "input should be greater than or equal to 0"),
        ("default_max_age", 1.0, "input should be a valid integer"),
        ("default_max_age", True, "input should be a valid integer"),
        ("default_max_age", "1", "input should be a valid integer"),
        ("require_auth_time", 1, "input should be a valid boolean"),
        ("application_type", "x", "input should be 'web' or 'native'"),
        ("access_token_format", [], "input should be 'jwt' or 'opaque'"),
        ("refresh_rotation", 1, "input should be 'confirm', 'strict' or 'never'"),
        ("subject_type", "pairwise", "input should be 'public'"),
        ("jwks", [], "input should be a valid dictionary"),
        ("jwks", {1: 2}, _TEXT),
        ("request_limit", "many", f"string should match pattern '^{_PATTERN}(;{_PATTERN})*$'"),
        ("client_id", "a\n", ""),
        ("client_id", "ä", ""),
        ("checked_on", "today", ""),
    ],
)
def test_a_malformed_member_is_named_with_what_it_should_be(member: str, value: object, fault: str) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        parse_metadata({member: value})
    words = f"The member {member} is malformed" + (f": {fault}." if fault else ".")
    assert (refused.value.member, refused.value.description) == (member, words)


@pytest.mark.spec("RFC7591-3.2.2")
@pytest.mark.parametrize(
    ("name", "told", "words"),
    [
        ("scop", "scop", "There is no such member; did you mean scope?"),
        ("zz", "zz", "There is no such member."),
        (_HALF, "metadata", "There is no such member."),
    ],
)
def test_a_name_that_is_no_members_is_told_with_the_nearest(name: str, told: str, words: str) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        parse_metadata({name: 1})
    assert (refused.value.member, refused.value.description) == (told, words)


@pytest.mark.spec("RFC7591-2")
def test_what_was_not_given_is_not_among_the_members_and_has_its_default() -> None:
    document = {"scope": "openid", "client_name": "Shop"}
    assert read_members(document) == document
    assert parse_metadata(document) == ClientMetadata(client_name="Shop", scope="openid")
    assert parse_metadata({}).application_type == "web"
