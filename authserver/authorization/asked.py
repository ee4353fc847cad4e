"""What an authorization request asks: who may sign in, how strongly, and what the client is to be allowed.

How the answer to it travels is a value of its own: `answers.model`.
"""

from authserver.protocol.claims import STANDARD_CLAIMS
from authserver.protocol.claims_request import ClaimsRequest
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.details.model import Detail, Details
from authserver.protocol.details.registry import find_payment
from authserver.values import Value, field


class AuthorizationRequest(Value, frozen=True):
    """A request that has passed every check; `client_id` is the client that sent it.

    `hinted_subject` is the subject of a valid `id_token_hint`, or the one asked for by value in `claims`.

    Spec: RFC6749-4.1.1, OIDCC-3.1.2.1, RFC9126-2.1, RFC9396-2, RFC9396-3
    """

    client_id: str
    demand: AuthenticationDemand
    scope: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    login_hint: str | None = None
    hinted_subject: str | None = None
    ui_locales: tuple[str, ...] = ()
    claims: ClaimsRequest = field(default_factory=ClaimsRequest)
    authorization_details: Details = ()

    def __hash__(self) -> int:  # authorization_details are mappings, which have no hash
        return hash((self.client_id, self.demand, self.scope, self.resources))

    @property
    def payment(self) -> Detail | None:
        """Return the one payment, or the limits of payments to come, that is asked for, or None."""
        return find_payment(self.authorization_details)

    def single_claims(self) -> tuple[str, ...]:
        """Return the standard claims about the person that are asked for one by one, wherever they are to go.

        Others are never sent, so no one need allow them, and an app has no place for words of its own.

        Spec: OIDCC-5.5
        """
        asked = dict.fromkeys((*self.claims.id_token, *self.claims.userinfo))
        return tuple(name for name in asked if name in STANDARD_CLAIMS)
