"""When a request has arrived whole: at its last octet, and not one before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.serving.whole_request import LARGEST_BODY, LARGEST_HEAD, expects_continue, is_whole, states_more

_HEAD = b"POST /token HTTP/1.1\r\nHost: localhost\r\n"


@given(st.binary(max_size=200))
def test_a_body_of_stated_length_is_whole_at_its_end(body: bytes) -> None:
    request = _HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    assert [is_whole(request[:end]) for end in range(len(request))] == [False] * len(request)
    assert is_whole(request)
    assert not states_more(request)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.sampled_from([b"", b";name=value"]))
def test_a_body_in_chunks_is_whole_at_its_end(chunks: list[bytes], extension: bytes) -> None:
    framed = b"".join(b"%X%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    request = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    assert [is_whole(request[:end]) for end in range(len(request))] == [False] * len(request)
    assert is_whole(request)


@given(st.binary(max_size=400))
def test_octets_of_any_kind_are_judged(octets: bytes) -> None:
    for received in (octets, _HEAD + octets, _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + octets):
        assert is_whole(received) in {True, False}
        assert expects_continue(received) in {True, False}


@pytest.mark.parametrize(
    "rest",
    [
        b"\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 70000\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nno size\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n" + b"a" * (LARGEST_BODY + 10),
        b"X: " + b"a" * LARGEST_HEAD,
    ],
)
def test_what_is_not_worth_waiting_for_counts_as_whole(rest: bytes) -> None:
    assert is_whole(_HEAD + rest)


def test_the_end_of_one_chunk_is_not_taken_for_the_end_of_all() -> None:
    assert not is_whole(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nFF\r\n0\r\n\r\n")


def test_a_peer_that_waits_for_a_word_is_known() -> None:
    assert expects_continue(_HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert not expects_continue(_HEAD + b"Content-Length: 5\r\n\r\nExpect: 100-continue\r\n")
