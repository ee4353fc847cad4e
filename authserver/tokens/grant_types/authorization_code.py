"""The authorization code grant."""

import hmac

from authserver.db.engine import Database
from authserver.grants.model import AuthorizationCode, Grant
from authserver.grants.store.codes import find_code
from authserver.issuance.issue import Redemption
from authserver.protocol.errors import InvalidGrant
from authserver.protocol.handles import hash_handle
from authserver.protocol.pkce import check_verifier
from authserver.protocol.redirect_uri import matches_registered
from authserver.tokens.code_redemption import check_alive, redeem_code, replayed
from authserver.tokens.grant_type import TokenRequest
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
                raise replayed(grant, request)
            _check(code, grant, request)
            return redeem_code(connection, code, grant, request)


def _check(code: AuthorizationCode, grant: Grant, request: TokenRequest) -> None:
    """Check everything the code was issued for, and that its client may still ask for one in that way.

    Spec: RFC6749-4.1.3, RFC7636-4.6, RFC9449-10, FAPI2-SP-FINAL-5.3.2.1-12, RFC6749-10.6, RFC9700-4.11
    """
    check_alive(code, grant, request)
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
