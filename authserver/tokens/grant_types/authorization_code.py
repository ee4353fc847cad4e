"""The authorization code grant."""

import hmac

from authserver.binding.model import NO_BINDING
from authserver.clients.model import Client
from authserver.clock import is_ahead
from authserver.db.engine import Connection, Database
from authserver.events.catalogue import CODE_REPLAYED
from authserver.grants.model import AuthorizationCode, CodeClaim, Grant
from authserver.grants.store.codes import find_code
from authserver.issuance.issue import Redemption
from authserver.issuance.refresh_token import mint_refresh_token
from authserver.issuance.rights import usable_grant
from authserver.protocol.details.model import Details
from authserver.protocol.details.registry import is_single_use
from authserver.protocol.errors import InvalidGrant
from authserver.protocol.handles import hash_handle
from authserver.protocol.names import GRANT_REFRESH_TOKEN
from authserver.protocol.pkce import check_verifier
from authserver.protocol.redirect_uri import matches_registered
from authserver.tokens.grant_type import Replayed, TokenRequest
from authserver.tokens.narrowing import narrow_details, narrow_resources
from authserver.tokens.person import claims_for_id_token
from authserver.values import Value

_REFUSAL = "The code is not valid."
_CLAUSE = "RFC6749-4.1.3"


class AuthorizationCodeGrant(Value, frozen=True):
    """Redeems a code: looks, checks, and says that it is to be claimed.

    Spec: RFC6749-4.1.3, FAPI2-SP-FINAL-5.3.2.2-9, FAPI2-SP-FINAL-5.3.2.1-11, RFC6749-10.5
    """

    def redeem(self, database: Database, request: TokenRequest) -> Redemption:
        """Return what the code's grant is good for.

        Raises InvalidGrant where the code is unknown, another client's, expired, or its proof does not fit, Replayed
        where it is spent.
        """
        presented = request.params.require("code", clause=_CLAUSE)
        with database.read() as connection:
            found = find_code(connection, hash_handle(presented))
            if found is None:
                raise InvalidGrant(_REFUSAL, reason="the code is unknown", clause=_CLAUSE)
            code, grant = found
            if code.client_id != request.client.client_id:
                raise InvalidGrant(_REFUSAL, reason="the code is another client's", clause=_CLAUSE)
            if code.claimed_at is not None:
                raise _replayed(grant, request)
            _check(code, grant, request)
            grant = usable_grant(grant, request.client, request.audiences)
            details = narrow_details(request, grant, grant.scope)
            narrowed = narrow_resources(request.params, grant), details
            return _redemption(connection, code, grant, narrowed, request)


def _check(code: AuthorizationCode, grant: Grant, request: TokenRequest) -> None:
    """Check everything the code was issued for, and that its client may still ask for one in that way.

    Spec: RFC6749-4.1.3, RFC7636-4.6, RFC9449-10, FAPI2-SP-FINAL-5.3.2.1-12, RFC6749-10.6, RFC9700-4.11
    """
    if request.now >= code.expires_at or is_ahead(code.issued_at, request.now):
        raise InvalidGrant(
            _REFUSAL,
            reason="the code has expired, or a clock was set back since it was issued",
            clause="FAPI2-SP-FINAL-5.3.2.1-11",
        )
    if grant.revoked_at is not None or grant.account_locked or request.now >= grant.expires_at:
        raise InvalidGrant(_REFUSAL, reason="the grant has ended or its account is locked", clause=_CLAUSE)
    redirect_uri = request.params.get("redirect_uri")
    if redirect_uri != code.redirect_uri and (code.redirect_uri_sent or redirect_uri is not None):
        raise InvalidGrant(_REFUSAL, reason="redirect_uri is missing or another one", clause=_CLAUSE)
    if not matches_registered(code.redirect_uri, request.client.redirect_uris):
        raise InvalidGrant(_REFUSAL, reason="its redirect_uri is registered no more", clause="RFC9700-4.11")
    if code.code_challenge is None and request.client.must_use_pkce:
        clause = request.client.profile.clause("pkce_required")
        raise InvalidGrant(_REFUSAL, reason="the client must use PKCE now", clause=clause)
    check_verifier(code.code_challenge, request.params.get("code_verifier"))
    if code.dpop_jkt is not None and not hmac.compare_digest(code.dpop_jkt, request.binding.jkt or ""):
        raise InvalidGrant(_REFUSAL, reason="the code is bound to another DPoP key", clause="RFC9449-10")


def _replayed(grant: Grant, request: TokenRequest) -> Replayed:
    """Return the refusal of a code that its own client presented twice.

    Spec: RFC6749-4.1.2, ASVS5-10.4.2
    """
    refusal = InvalidGrant(_REFUSAL, reason="the code was used before; its grant is revoked", clause="RFC6749-4.1.2")
    event = request.event(CODE_REPLAYED, grant.account_id)
    return Replayed(refusal, grant_id=grant.grant_id, because="code_replayed", event=event)


def _redemption(
    connection: Connection,
    code: AuthorizationCode,
    grant: Grant,
    narrowed: tuple[tuple[str, ...], Details],
    request: TokenRequest,
) -> Redemption:
    resources, details = narrowed
    bound_to = request.binding if request.client.is_public else NO_BINDING
    may_refresh = _may_refresh(request.client, grant)
    refresh = mint_refresh_token(grant, 0, request.now, None, bound_to) if may_refresh else None
    return Redemption(
        scope=grant.scope,
        resources=resources,
        grant=grant,
        nonce=code.nonce,
        account_claims=claims_for_id_token(connection, grant),
        refresh_token=refresh.token if refresh is not None else None,
        refresh_record=refresh.record if refresh is not None else None,
        authorization_details=details,
        claim=CodeClaim(code.code_hash, request.now),
    )


def _may_refresh(client: Client, grant: Grant) -> bool:
    """Return whether the app gets a refresh token; what serves one act is never renewed.

    Spec: RTS-SCA-5.1
    """
    return GRANT_REFRESH_TOKEN in client.grant_types and not is_single_use(grant.authorization_details)
