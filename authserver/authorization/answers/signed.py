"""Signed answers (JARM): the parameters of an answer as one JWT, which then travels as any other parameter does."""

from collections.abc import Callable

from authserver.authorization.answers.model import AuthorizationResponse, Redirect
from authserver.clients.model import Client
from authserver.keys.signer import SigningKeys
from authserver.protocol.names import SIGNED_RESPONSE_MODES
from authserver.values import Assembly, replace

LIFETIME_SECONDS = 300
"""How long an app may take to read it: it is good for ten seconds at least, and should be for ten minutes at most."""


class ResponseSigner(Assembly, frozen=True):
    """Signs answers where their response mode asks for it."""

    keys: Callable[[], SigningKeys]

    def sign(self, answer: AuthorizationResponse, client: Client, now: int) -> AuthorizationResponse:
        """Return an answer signed for its client, or as it is where its response mode is none of JARM's.

        `iss` is among the parameters of every answer.

        Spec: JARM-2.1, JARM-2.2, JARM-2.3, FAPI2-MS-FINAL-5.4
        """
        delivery = answer.delivery
        if not isinstance(delivery, Redirect) or delivery.response_mode not in SIGNED_RESPONSE_MODES:
            return answer
        signer = self.keys().signer_for(client.signing.authorization_signed_response_alg)
        claims = {**answer.parameters, "aud": client.client_id, "exp": now + LIFETIME_SECONDS}
        return replace(answer, parameters={"response": signer.sign(claims, typ="JWT")})
