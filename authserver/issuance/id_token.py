"""ID tokens."""

from collections.abc import Mapping

from authserver.grants.model import Grant
from authserver.issuance.claims import select_claims
from authserver.issuance.subject import subject_of
from authserver.keys.signer import Signer, half_hash
from authserver.values import Hidden, Value

_OWN_CLAIMS = frozenset({"acr", "amr", "auth_time", "sub"})


class IdTokenContext(Value, frozen=True):
    """What one response adds to an ID token: the access token beside it, the nonce of its request, the moment."""

    issuer: str
    access_token: Hidden[str]
    nonce: str | None
    now: int
    lifetime_seconds: int


def issue_id_token(grant: Grant, account_claims: Mapping[str, object], signer: Signer, context: IdTokenContext) -> str:
    """Return a signed ID token for the client of a grant.

    A nonce stands in it only where one was sent. Claims asked for one by one are in it, and those that the
    client registered for it; the others of its scopes are at UserInfo. On refresh `iat` is new and `auth_time` is that
    of the grant.

    Spec: OIDCC-2, OIDCC-3.1.3.6, OIDCC-12.2, FAPI2-SP-FINAL-5.3.2.3-1
    """
    authentication = grant.authentication
    single = [name for name in grant.id_token_claims if name not in _OWN_CLAIMS]
    claims: dict[str, object] = {
        **select_claims(account_claims, (), single),
        "iss": context.issuer,
        "sub": subject_of(grant),
        "aud": grant.client_id,
        "iat": context.now,
        "exp": context.now + context.lifetime_seconds,
        "auth_time": authentication.auth_time,
        "acr": authentication.acr,
        "amr": list(authentication.amr),
        "sid": authentication.session_id,
        "at_hash": half_hash(context.access_token, signer.algorithm),
    }
    if context.nonce is not None:
        claims["nonce"] = context.nonce
    return signer.sign(claims, typ="JWT")
