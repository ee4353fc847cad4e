"""Addresses for letters: one plain address, as every mail server takes it."""

from typing import Final

_MOST_CHARACTERS: Final = 254
_SEPARATORS: Final = frozenset(' ,;:<>()[]"\\')


def is_mail_address(text: str) -> bool:
    """Return whether a text is one plain address in ASCII, without a display name, fit for a letter's From and To.

    An international domain has such a form, which begins with `xn--`. See RFC 5321, sections 4.1.2 and 4.5.3.1.
    """
    local_part, _, domain = text.rpartition("@")
    is_plain = text.isascii() and text.isprintable() and not set(text) & _SEPARATORS
    return bool(local_part and domain) and "@" not in local_part and is_plain and len(text) <= _MOST_CHARACTERS
