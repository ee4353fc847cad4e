"""What introspection tells of a token, as a JWT that can be shown to others and checked later."""

from collections.abc import Mapping
from typing import Final

from authserver.clients.model import Client
from authserver.keys.base64url import encode
from authserver.keys.signer import SigningKeys
from authserver.protocol.names import JWT_TYPE_INTROSPECTION

CONTENT_TYPE: Final = f"application/{JWT_TYPE_INTROSPECTION}"


def sign_description(
    description: Mapping[str, object], token_hash: bytes, caller: Client, keys: SigningKeys, issuer: str, now: int
) -> bytes:
    """Return a description signed for the resource server that asked, by the algorithm that it registered.

    What is told of the token stands in a member of its own, and neither `sub` nor `exp` beside it: so nobody can take
    the answer for an access token. `ath` names the token asked about by its hash, as a DPoP proof does: an answer about
    one token is then none about another, though the description of an opaque token holds nothing of its text.

    Spec: RFC9701-5, RFC9701-6, RFC9701-8.1, FAPI2-MS-FINAL-5.5
    """
    claims = {
        "iss": issuer,
        "aud": caller.client_id,
        "iat": now,
        "ath": encode(token_hash).decode("ascii"),
        "token_introspection": description,
    }
    signer = keys.signer_for(caller.introspection_signed_response_alg)
    return signer.sign(claims, typ=JWT_TYPE_INTROSPECTION).encode("ascii")
