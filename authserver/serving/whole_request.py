"""Whether what has arrived of a request is all of it, so that no thread need wait for the rest.

Reads no more than it must: what is malformed counts as whole, and is then refused by the parser, which does not wait.

Spec: RFC9112-6
"""

import re
from typing import Final

LARGEST_HEAD: Final = 32 * 1024
LARGEST_BODY: Final = 64 * 1024

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,12})[ \t]*\r\n")
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n")
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")


def is_whole(received: bytes) -> bool:
    """Tell whether a request is complete, or not worth waiting for: malformed, or larger than any that is answered."""
    head = _head(received)
    if not head:
        return len(received) > LARGEST_HEAD
    if b"\r\ntransfer-encoding:" in head and _CHUNKED.search(head):
        return len(received) - len(head) > LARGEST_BODY or _chunks_end(received, len(head))
    length = _stated_length(head)
    return length > LARGEST_BODY or len(received) - len(head) >= length


def states_more(received: bytes) -> bool:
    """Tell whether a body is announced that is larger than what is taken in before a request is answered."""
    return _stated_length(_head(received)) > LARGEST_BODY


def expects_continue(received: bytes) -> bool:
    """Tell whether the head is there and its sender waits to be told before it sends the body.

    Spec: RFC9110-10.1.1
    """
    return _EXPECTS.search(_head(received)) is not None


def _head(received: bytes) -> bytes:
    """Return the head in lower case, with the empty line that ends it; nothing where it has not ended."""
    end = received.find(_END_OF_HEAD)
    return b"" if end < 0 else received[: end + len(_END_OF_HEAD)].lower()


def _stated_length(head: bytes) -> int:
    stated = _LENGTH.search(head) if b"\r\ncontent-length:" in head else None
    return int(stated[1]) if stated else 0


def _chunks_end(received: bytes, position: int) -> bool:
    """Walk over the chunks; true at the last one's end, or where what stands there is no chunk."""
    while True:
        if received.find(b"\r\n", position) < 0:
            return False
        size = _CHUNK_SIZE.match(received, position)
        if size is None:
            return True
        if int(size[1], 16) == 0:
            return received.startswith(b"\r\n", size.end()) or received.find(_END_OF_HEAD, size.end()) >= 0
        position = size.end() + int(size[1], 16) + len(b"\r\n")
        if position > len(received):
            return False
