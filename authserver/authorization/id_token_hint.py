"""An ID token that comes back as a hint: it may be old, and proves nothing but that we issued it."""

from collections.abc import Mapping

from authserver.keys.model import BadJwt, PublicKeys
from authserver.keys.verifier import verify_jwt
from authserver.protocol.errors import InvalidRequest


def read_id_token_hint(
    hint: str, own_keys: PublicKeys, algorithms: frozenset[str], issuer: str, *, clause: str
) -> Mapping[str, object]:
    """Return the claims of an ID token that we issued, however old; its `aud` and `sub` are texts.

    Raises InvalidRequest under the clause where we did not.

    Spec: OIDCC-3.1.2.1, OIDC-RPINIT-2
    """
    try:
        claims = verify_jwt(hint, own_keys, algorithms=algorithms, types=frozenset({"jwt", ""})).claims
    except BadJwt as error:
        raise InvalidRequest("The id_token_hint is not valid.", reason=str(error), clause=clause) from error
    is_whole = isinstance(claims.get("sub"), str) and isinstance(claims.get("aud"), str)
    if claims.get("iss") != issuer or not is_whole:
        raise InvalidRequest("The id_token_hint is not valid.", reason="of another issuer, or none", clause=clause)
    return claims
