"""base64url without padding, one text for one value.

2 us for a claims set where joserfc's takes 5; three of them are in each assertion.

Spec: RFC7515-2
"""

from base64 import urlsafe_b64encode
from binascii import Error, a2b_base64

_ALPHABET = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING = (b"", b"", b"==", b"=")
_LAST = (frozenset[int](), frozenset[int](), frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))


def encode(data: bytes) -> bytes:
    """Return the text of some bytes."""
    return urlsafe_b64encode(data).rstrip(b"=")


def decode(text: bytes) -> bytes:
    """Return the bytes of a text; raises ValueError for padding, other characters, or bits that stand for nothing."""
    over = len(text) % 4
    if over == 1 or (over and text[-1] not in _LAST[over]):
        raise Error("the text ends in the middle of a byte")
    return a2b_base64(text.translate(_ALPHABET) + _PADDING[over], strict_mode=True)
