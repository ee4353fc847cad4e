"""Whether a registered subject was copied as OpenSSL prints it, which a certificate's name will hardly ever equal.

OpenSSL prints a name from its most general part to its most particular, or with slashes; RFC 4514 begins with the most
particular. Both can be parsed, so a registration is taken, and only its operator can know which was meant.
"""

import re

from authserver.clients.distinguished_names import Attribute, split_dn, type_of

_GENERAL = frozenset(type_of(keyword) for keyword in ("C", "DC", "jurisdictionC"))
_BETWEEN = frozenset(type_of(keyword) for keyword in ("ST", "L", "O", "OU"))
_PARTICULAR = frozenset(type_of(keyword) for keyword in ("CN", "UID"))
_SLASH = re.compile(r"/(?=(?:CN|C|DC|ST|L|O|OU|UID|serialNumber|organizationIdentifier|emailAddress)=)")


def right_order(text: str) -> str | None:
    """Return how RFC 4514 would write a name that looks like OpenSSL's print; None where it does not.

    The text must be one that `parse_dn` takes.

    Spec: RFC4514-2.1
    """
    parts = split_dn(text)
    ranks = [rank for _, name in parts if (rank := _rank(name)) is not None]
    is_reversed = bool(ranks) and ranks[0] < ranks[-1]
    # What slashes divide always begins with the most general, wherever the part itself stands.
    pieces = [_SLASH.split(part)[::-1] for part, _ in (reversed(parts) if is_reversed else parts)]
    right = [piece for part in pieces for piece in part]
    return ",".join(right) if is_reversed or len(right) > len(parts) else None


def _rank(name: frozenset[Attribute]) -> int | None:
    """Return how particular a part is, from 0; None where its types tell nothing."""
    types = {oid for oid, _ in name}
    return next((rank for rank, known in enumerate((_GENERAL, _BETWEEN, _PARTICULAR)) if types & known), None)
