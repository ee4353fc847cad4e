"""The refresh token grant, with rotation by confirm-on-use."""

from authserver.binding.model import NO_BINDING, parse_confirmation
from authserver.clock import CLOCKS_APART_SECONDS, is_fresh
from authserver.db.engine import Connection, Database
from authserver.events.catalogue import REFRESH_REUSE_DETECTED
from authserver.grants.model import GenerationClaim, Grant, IssuedToken
from authserver.grants.store.tokens import find_refresh_token, find_sealed_successor
from authserver.issuance.issue import Redemption
from authserver.issuance.refresh_token import Rotation, decide_rotation, mint_refresh_token
from authserver.issuance.rights import usable_grant
from authserver.protocol.errors import InvalidGrant
from authserver.protocol.handles import hash_handle
from authserver.sealing.envelope import Envelope
from authserver.tokens.grant_type import Replayed, TokenRequest
from authserver.tokens.narrowing import narrow_details, narrow_resources, narrow_scope
from authserver.tokens.subject_claims import claims_for_id_token
from authserver.values import Assembly, Hidden, Value

_REFUSAL = "The refresh token is not valid."
_CLAUSE = "RFC6749-6"
_REPEAT_SECONDS = 60
"""For how long a public client that lost an answer may ask with the same token again."""


class Refreshed(Value, frozen=True):
    """The generation after a refresh, the refresh token to send with its row if it is new, and what must be claimed."""

    generation: int
    token: Hidden[str | None] = None
    record: Hidden[IssuedToken | None] = None
    claim: Hidden[GenerationClaim | None] = None


class RefreshTokenGrant(Assembly, frozen=True):
    """Redeems a refresh token for its own client, whatever key the new access token is bound to.

    A confidential client's refresh token is bound to the client by its authentication, not to a DPoP key, which the
    client may change. A public client's is bound to the key of its first token request; where that had none, it rotates
    whatever the policy says. `rotation` is the policy of clients that name none; `idle_lifetime` is in seconds.

    Spec: RFC6749-6, RFC9449-5, FAPI2-SP-FINAL-5.3.2.1-9, RFC9700-2.2.2, RFC9700-4.14.2
    """

    envelope: Envelope
    rotation: str
    idle_lifetime: int

    def redeem(self, database: Database, request: TokenRequest) -> Redemption:
        """Return what the refresh token's grant is good for.

        Raises InvalidGrant where the token is unknown, another client's, revoked or expired, Replayed where it was
        replaced and its replacement used.
        """
        presented = request.params.require("refresh_token", clause=_CLAUSE)
        with database.read() as connection:
            token, stored = _find(connection, presented, request)
            grant = usable_grant(stored, request.client, request.audiences)
            scope = narrow_scope(request.params, grant)
            resources = narrow_resources(request.params, grant)
            details = narrow_details(request, grant, scope)
            refreshed = self._rotate(connection, token, grant, request)
            return Redemption(
                scope=scope,
                resources=resources,
                grant=grant,
                generation=refreshed.generation,
                account_claims=claims_for_id_token(connection, grant),
                refresh_token=refreshed.token,
                refresh_record=refreshed.record,
                authorization_details=details,
                claim=refreshed.claim,
            )

    def _rotate(self, connection: Connection, token: IssuedToken, grant: Grant, request: TokenRequest) -> Refreshed:
        policy, is_anyones = request.client.refresh_rotation or self.rotation, _is_anyones(token, request)
        if is_anyones and policy == "never":
            policy = "confirm"
        rotation = decide_rotation(token.generation, grant.refresh_generation, policy)
        if rotation is Rotation.REUSE:
            raise _reused(grant, request)
        if rotation is Rotation.REPEAT:
            return self._repeat(connection, grant, request, _REPEAT_SECONDS if is_anyones else None)
        idle_end = min(request.now + self.idle_lifetime, grant.expires_at)
        generation_after = grant.refresh_generation + (1 if rotation is Rotation.ADVANCE else 0)
        claim = GenerationClaim(grant.grant_id, grant.refresh_generation, generation_after, idle_end, request.now)
        if rotation is Rotation.KEEP:
            return Refreshed(generation_after, claim=claim)
        bound_to = parse_confirmation(token.claims.get("cnf"))
        minted = mint_refresh_token(grant, generation_after, request.now, self._seal, bound_to)
        return Refreshed(generation_after, minted.token, minted.record, claim)

    def _repeat(
        self, connection: Connection, grant: Grant, request: TokenRequest, within_seconds: int | None
    ) -> Refreshed:
        """Answer with the successor that exists, so that a lost response or a parallel refresh never forks the line.

        Only `within_seconds` of its issue, where that is given: two who hold the same tokens could else go on in step.
        """
        found = find_sealed_successor(connection, grant.grant_id, grant.refresh_generation)
        if found is None:
            raise InvalidGrant(_REFUSAL, reason="the successor is gone", clause=_CLAUSE)
        sealed, issued_at = found
        if within_seconds is not None and not is_fresh(
            issued_at, within_seconds, request.now, ahead_seconds=CLOCKS_APART_SECONDS
        ):
            raise _reused(grant, request)
        place = _place(grant.grant_id, grant.refresh_generation)
        return Refreshed(grant.refresh_generation, self.envelope.open(sealed, place).decode("ascii"))

    def _seal(self, token: str, grant_id: str, generation: int) -> bytes:
        return self.envelope.seal(token.encode("ascii"), _place(grant_id, generation))


def _find(connection: Connection, presented: str, request: TokenRequest) -> tuple[IssuedToken, Grant]:
    """Return the token with its grant where both stand and the caller is their client."""
    found = find_refresh_token(connection, hash_handle(presented))
    if found is None:
        raise InvalidGrant(_REFUSAL, reason="the refresh token is unknown", clause=_CLAUSE)
    token, grant, revoked = found
    if grant.client_id != request.client.client_id:
        raise InvalidGrant(_REFUSAL, reason="the refresh token is another client's", clause=_CLAUSE)
    if revoked or grant.revoked_at is not None or grant.account_locked:
        raise InvalidGrant(_REFUSAL, reason="the token or its grant is revoked, or its account locked", clause=_CLAUSE)
    if request.now >= min(grant.expires_at, grant.refresh_expires_at):
        raise InvalidGrant(_REFUSAL, reason="the grant or its idle time has run out", clause="ASVS5-10.4.8")
    bound_to = parse_confirmation(token.claims.get("cnf"))
    if bound_to not in {NO_BINDING, request.binding}:
        raise InvalidGrant(_REFUSAL, reason="the refresh token is bound to another key", clause="RFC9449-5")
    return token, grant


def _is_anyones(token: IssuedToken, request: TokenRequest) -> bool:
    """Return whether whoever holds this token can use it: neither a credential nor a key is asked for beside it.

    Spec: RFC9700-2.2.2
    """
    return request.client.is_public and parse_confirmation(token.claims.get("cnf")) == NO_BINDING


def _reused(grant: Grant, request: TokenRequest) -> Replayed:
    """Return the refusal of a refresh token that was replaced, and its replacement used.

    Spec: RFC9700-4.14.2, ASVS5-10.4.5
    """
    refusal = InvalidGrant(
        _REFUSAL, reason="an old refresh token came back; its grant is revoked", clause="RFC9700-4.14.2"
    )
    event = request.event(REFRESH_REUSE_DETECTED, grant.account_id)
    return Replayed(refusal, grant_id=grant.grant_id, because="refresh_token_reused", event=event)


def _place(grant_id: str, generation: int) -> str:
    return f"issued_tokens|{grant_id}|{generation}"
