"""Refresh tokens: rotation by confirm-on-use, decided on generation numbers alone."""

from collections.abc import Callable
from enum import Enum

from authserver.binding.model import NO_BINDING, Binding
from authserver.grants.model import KIND_REFRESH, Grant, IssuedToken
from authserver.issuance.access_token import MintedToken
from authserver.protocol.handles import hash_handle, new_handle

Sealer = Callable[[str, str, int], bytes]
"""Seals a token for its grant and generation."""


class Rotation(Enum):
    """What to do with the refresh token that was presented."""

    ADVANCE = "advance"
    """It is the current one: issue its successor, and its own predecessor is dead."""
    REPEAT = "repeat"
    """It is the immediate predecessor, and its successor was never used: answer with that same successor."""
    KEEP = "keep"
    """It does not rotate: no new refresh token."""
    REUSE = "reuse"
    """It is older, and someone else holds what came after: end the grant."""


def decide_rotation(presented: int, current: int, policy: str) -> Rotation:
    """Return what to do with a token of generation `presented` where the grant stands at `current`.

    `policy` is `confirm`, `strict` or `never`. The generation, not the time of issue, tells the order: two refreshes in
    one second stay two.

    Spec: RFC9700-4.14.2, FAPI2-SP-FINAL-5.3.2.1-9, ASVS5-10.4.5
    """
    if presented == current:
        return Rotation.KEEP if policy == "never" else Rotation.ADVANCE
    if presented == current - 1 and policy != "strict":
        return Rotation.REPEAT
    return Rotation.REUSE


def mint_refresh_token(
    grant: Grant, generation: int, now: int, seal: Sealer | None, bound_to: Binding = NO_BINDING
) -> MintedToken:
    """Return the refresh token of a generation; a successor is sealed too, to be answered again to its predecessor.

    `bound_to` is the key without which it is worth nothing, where its client has no credential of its own.

    Spec: RFC6749-10.4, RFC9449-5
    """
    confirmation = bound_to.confirmation()
    token = new_handle()
    record = IssuedToken(
        token_hash=hash_handle(token),
        kind=KIND_REFRESH,
        client_id=grant.client_id,
        claims={"cnf": confirmation} if confirmation else {},
        issued_at=now,
        expires_at=grant.expires_at,
        grant_id=grant.grant_id,
        account_id=grant.account_id,
        generation=generation,
        sealed_token=seal(token, grant.grant_id, generation) if seal is not None else None,
    )
    return MintedToken(token, record)
