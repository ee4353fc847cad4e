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


class Arrival:
    """How far one request has arrived.

    It goes on where it last stopped: a peer that sends octet by octet would else have all of them read again for each,
    and four such peers held every other.
    """

    __slots__ = ("_is_chunked", "_length", "_position", "expects_continue", "states_more")

    def __init__(self) -> None:
        self._position = 0
        self._length: int | None = None
        self._is_chunked = False
        self.expects_continue = False
        """Whether the head is there and its sender waits to be told before it sends the body (RFC 9110, 10.1.1)."""
        self.states_more = False
        """Whether a body is announced that is larger than what is taken in before a request is answered."""

    def is_whole(self, received: bytes) -> bool:
        """Tell whether a request is complete, or not worth waiting for: malformed, or larger than any that is answered.

        `received` begins with all that was given before.

        Spec: RFC9110-10.1.1
        """
        if self._length is None and not self._finds_head(received):
            return len(received) > LARGEST_HEAD
        length = self._length or 0
        if self._is_chunked:
            return len(received) - length > LARGEST_BODY or self._chunks_end(received)
        return self.states_more or len(received) >= length

    def _finds_head(self, received: bytes) -> bool:
        """Read the head once it is there; `_length` is then that of the head, with a body of stated length."""
        end = received.find(_END_OF_HEAD, self._position)
        if end < 0:
            self._position = max(0, len(received) - len(_END_OF_HEAD) + 1)
            return False
        self._position = self._length = end + len(_END_OF_HEAD)
        head = received[: self._position].lower()
        self.expects_continue = _EXPECTS.search(head) is not None
        stated = _LENGTH.search(head)
        self.states_more = stated is not None and int(stated[1]) > LARGEST_BODY
        self._is_chunked = _CHUNKED.search(head) is not None
        if stated and not self._is_chunked:
            self._length += int(stated[1])
        return True

    def _chunks_end(self, received: bytes) -> bool:
        """Walk over the chunks; true at the last one's end, or where what stands there is no chunk."""
        while received.find(b"\r\n", self._position) >= 0:
            size = _CHUNK_SIZE.match(received, self._position)
            if size is None:
                return True
            if int(size[1], 16) == 0:
                return received.startswith(b"\r\n", size.end()) or received.find(_END_OF_HEAD, size.end()) >= 0
            self._position = size.end() + int(size[1], 16) + len(b"\r\n")  # which may not have arrived yet
        return False
