"""What a code is good for, whichever grant type it came by, and what its second use ends."""

from authserver.binding.model import NO_BINDING
from authserver.clients.model import Client
from authserver.clock import is_ahead
from authserver.db.engine import Connection
from authserver.events.catalogue import CODE_REPLAYED
from authserver.grants.model import AuthorizationCode, CodeClaim, Grant
from authserver.issuance.issue import Redemption
from authserver.issuance.refresh_token import mint_refresh_token
from authserver.issuance.rights import usable_grant
from authserver.protocol.details.model import Details
from authserver.protocol.details.registry import is_single_use
from authserver.protocol.errors import InvalidGrant
from authserver.protocol.names import GRANT_REFRESH_TOKEN
from authserver.tokens.grant_type import Replayed, TokenRequest
from authserver.tokens.narrowing import narrow_details, narrow_resources
from authserver.tokens.subject_claims import claims_for_id_token

_REFUSAL = "The code is not valid."
_CLAUSE = "RFC6749-4.1.3"


def redeem_code(connection: Connection, code: AuthorizationCode, grant: Grant, request: TokenRequest) -> Redemption:
    """Return what a code is good for that has passed every check of its own grant type."""
    grant = usable_grant(grant, request.client, request.audiences)
    details = narrow_details(request, grant, grant.scope)
    narrowed = narrow_resources(request.params, grant), details
    return _redemption(connection, code, grant, narrowed, request)


def check_alive(code: AuthorizationCode, grant: Grant, request: TokenRequest) -> None:
    """Check that neither a code nor its grant has ended.

    Spec: RFC6749-4.1.3, FAPI2-SP-FINAL-5.3.2.1-11
    """
    if request.now >= code.expires_at or is_ahead(code.issued_at, request.now):
        raise InvalidGrant(
            _REFUSAL,
            reason="the code has expired, or a clock was set back since it was issued",
            clause="FAPI2-SP-FINAL-5.3.2.1-11",
        )
    if grant.revoked_at is not None or grant.account_locked or request.now >= grant.expires_at:
        raise InvalidGrant(_REFUSAL, reason="the grant has ended or its account is locked", clause=_CLAUSE)


def replayed(grant: Grant, request: TokenRequest) -> Replayed:
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
