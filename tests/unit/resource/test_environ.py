"""What is read of a WSGI environment, and what of it is not believed."""

import logging

import pytest

from authserver.protocol.errors import InvalidToken
from authserver.resource.environ import ApiOrigin, read_request
from authserver.resource.refusals import challenge

API = ApiOrigin("https://api.example")


def environ(**members: str) -> dict[str, object]:
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/accounts", **members}


@pytest.mark.spec("RFC9449-4.3-9")
def test_the_url_comes_from_the_configured_origin_and_never_from_the_host_header() -> None:
    read = read_request(environ(HTTP_HOST="evil.example", QUERY_STRING="a=b"), API)
    assert read.uris == ("https://api.example/accounts",)


@pytest.mark.spec("RFC9449-4.3-13")
@pytest.mark.parametrize(
    ("path", "written", "uris"),
    [
        ("/a b", "/a%20b?x=1", ("https://api.example/a%20b",)),
        ("/a:b", "/a%3ab", ("https://api.example/a:b", "https://api.example/a%3ab")),
        ("/caf\u00c3\u00a9", "/caf%C3%A9", ("https://api.example/caf%C3%A9",)),
        ("/a", "https://evil.example/a", ("https://api.example/a",)),
        ("/a", "/b", ("https://api.example/a",)),
    ],
)
def test_a_path_is_known_by_its_usual_spelling_and_as_it_was_written(
    path: str, written: str, uris: tuple[str, ...]
) -> None:
    assert read_request(environ(PATH_INFO=path, RAW_URI=written), API).uris == uris


@pytest.mark.spec("RFC9449-4.3-1")
def test_repeated_headers_that_a_server_joined_are_seen_as_several() -> None:
    assert read_request(environ(HTTP_DPOP="a,b"), API).dpop_proofs == ("a", "b")
    assert read_request(environ(), API).dpop_proofs == ()


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-2")
@pytest.mark.parametrize(
    ("query", "seen"),
    [("access_token=a", True), ("x=1&access%5Ftoken=", True), ("xaccess_token=a", False), ("", False)],
)
def test_a_token_in_the_query_is_noticed(query: str, seen: bool) -> None:  # noqa: FBT001 - a column of the table
    assert read_request(environ(QUERY_STRING=query), API).token_in_query is seen


def test_a_path_adds_no_line_of_its_own_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "authserver.resource")
    refused = InvalidToken("The access token is not valid here.", reason="not active", clause="RFC7662-2.2")
    challenge(refused, request=read_request(environ(PATH_INFO="/a\nINFO forged\r\u0085"), API))
    [record] = caplog.records
    assert len(record.getMessage().splitlines()) == 1


@pytest.mark.spec("RFC9700-4.13-1")
def test_a_certificate_header_from_anyone_is_not_believed() -> None:
    assert read_request(environ(HTTP_CLIENT_CERT=":MIIB:", REMOTE_ADDR="127.0.0.1"), API).certificate is None
