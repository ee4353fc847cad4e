"""Grants, codes and refresh tokens put where the pages would have put them, for tests that need many."""

from authserver.accounts.store import people as accounts
from authserver.grants.model import Authentication, AuthorizationCode, Grant
from authserver.grants.store.codes import save_code
from authserver.grants.store.records import save_grant
from authserver.grants.store.tokens import save_tokens
from authserver.issuance.refresh_token import mint_refresh_token
from authserver.protocol.details.model import Details
from authserver.protocol.handles import hash_handle, new_handle
from authserver.protocol.names import ACR_TWO_FACTORS
from tests.support.deployment import Deployment
from tests.support.relying_party import REDIRECT_URI, VERIFIER, challenge_of

_LIFETIME = 30 * 86400
_SCOPE = ("openid", "accounts")


def make_grant(
    deployment: Deployment,
    client_id: str,
    scope: tuple[str, ...] = _SCOPE,
    *,
    id_token_claims: tuple[str, ...] = (),
    details: Details = (),
) -> Grant:
    """Store a grant by alice to a client, as her consent would have made it, and return it."""
    now = deployment.now
    with deployment.database.transaction() as connection:
        alice = accounts.find_by_username(connection, "alice")
        assert alice is not None
        grant = Grant(
            grant_id=new_handle(),
            client_id=client_id,
            account_id=alice.account_id,
            consent_id="consent",
            scope=scope,
            resources=(),
            id_token_claims=id_token_claims,
            userinfo_claims=(),
            authentication=Authentication(ACR_TWO_FACTORS, ("pwd", "otp", "mfa"), now, "session"),
            created_at=now,
            expires_at=now + _LIFETIME,
            refresh_generation=0,
            refresh_expires_at=now + _LIFETIME,
            authorization_details=details,
        )
        save_grant(connection, grant)
    return grant


def make_refresh_token(deployment: Deployment, client_id: str, scope: tuple[str, ...] = _SCOPE) -> str:
    """Store a grant with its first refresh token and return that."""
    grant = make_grant(deployment, client_id, scope)
    minted = mint_refresh_token(grant, 0, deployment.now, None)
    with deployment.database.transaction() as connection:
        save_tokens(connection, (minted.record,))
    return minted.token


def make_code(
    deployment: Deployment,
    client_id: str,
    scope: tuple[str, ...] = _SCOPE,
    *,
    id_token_claims: tuple[str, ...] = (),
    details: Details = (),
) -> str:
    """Store a grant with its code, good for the driver's verifier and redirect URI, and return the code."""
    grant = make_grant(deployment, client_id, scope, id_token_claims=id_token_claims, details=details)
    code = new_handle()
    record = AuthorizationCode(
        code_hash=hash_handle(code),
        client_id=client_id,
        redirect_uri=REDIRECT_URI,
        redirect_uri_sent=True,
        code_challenge=challenge_of(VERIFIER),
        dpop_jkt=None,
        nonce="nonce-456",
        issued_at=deployment.now,
        expires_at=deployment.now + 60,
    )
    with deployment.database.transaction() as connection:
        save_code(connection, record, grant.grant_id)
    return code
