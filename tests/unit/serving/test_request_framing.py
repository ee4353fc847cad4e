"""When a request has arrived whole: at its last octet, and not one before."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.serving.request_framing import LARGEST_BODY, LARGEST_HEAD, Arrival

_HEAD = b"POST /token HTTP/1.1\r\nHost: localhost\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def is_whole(received: bytes) -> bool:
    """Judge what came at once."""
    return Arrival().is_whole(received)


def expects_continue(received: bytes) -> bool:
    """Judge what came at once."""
    arrival = Arrival()
    arrival.is_whole(received)
    return arrival.expects_continue


@given(st.binary(max_size=200))
def test_a_body_of_stated_length_is_whole_at_its_end(body: bytes) -> None:
    request = _HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    assert [is_whole(request[:end]) for end in range(len(request))] == [False] * len(request)
    arrival = Arrival()
    assert arrival.is_whole(request)
    assert not arrival.states_more


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.sampled_from([b"", b";name=value"]))
def test_a_body_in_chunks_is_whole_at_its_end(chunks: list[bytes], extension: bytes) -> None:
    framed = b"".join(b"%X%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks)
    request = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    assert [is_whole(request[:end]) for end in range(len(request))] == [False] * len(request)
    assert is_whole(request)


@given(st.binary(max_size=400))
def test_octets_of_any_kind_are_judged(octets: bytes) -> None:
    for received in (octets, _HEAD + octets, _CHUNKED + octets):
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


_PIECES = st.lists(
    st.sampled_from([b"1\r\na\r\n", b"0\r\n", b"\r\n", b"A;x=y\r\n", b"0123456789", b"\r", b"\n", b"zz"]), max_size=12
)


@given(st.sampled_from([_HEAD, _HEAD + b"Content-Length: 7\r\n\r\n", _CHUNKED]), _PIECES, st.integers(1, 9))
def test_what_comes_in_pieces_is_judged_as_what_comes_at_once(head: bytes, pieces: list[bytes], step: int) -> None:
    request, arrival = head + b"".join(pieces), Arrival()
    for end in range(step, len(request) + step, step):
        assert arrival.is_whole(request[:end]) == is_whole(request[:end])


@pytest.mark.parametrize(
    "request_so_far",
    [
        _CHUNKED + b"1\r\na\r\n" * 9000,
        _CHUNKED + b"FFFF;" + b"x" * 20_000 + b"\r\n",
        _HEAD + b"X: " + b"a" * 30_000 + b"\r\nContent-Length: 60000\r\n\r\n",
        _HEAD + b"X: " + b"a" * 30_000,
    ],
    ids=["many small chunks", "a long extension of a chunk", "a long head", "half of a head"],
)
def test_an_octet_costs_no_more_for_those_before_it(request_so_far: bytes) -> None:
    arrival = Arrival()
    began = time.process_time()
    for _ in range(2000):
        request_so_far += b"1"
        assert not arrival.is_whole(request_so_far)
    assert time.process_time() - began < 0.5
