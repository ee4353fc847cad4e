"""What the token endpoint hands a grant type, after authentication and binding."""

from typing import Protocol

from authserver.binding.model import Binding
from authserver.clients.model import Client, ResourceServer
from authserver.db.engine import Database
from authserver.events import model as actors
from authserver.events.model import Event, Kind
from authserver.issuance.issue import Redemption
from authserver.protocol.errors import InvalidGrant
from authserver.protocol.params import Params
from authserver.values import Value


class TokenRequest(Value, frozen=True):
    """One token request by an authenticated client, with the binding its tokens are to have.

    `servers` are the APIs that there are now, `audiences` all that a token of this server may be for.
    """

    params: Params
    client: Client
    binding: Binding
    servers: tuple[ResourceServer, ...]
    correlation_id: str
    now: int
    audiences: frozenset[str] = frozenset()

    def event(self, kind: Kind, account_id: str) -> Event:
        """Return an event of this request, by its client, about what was granted of an account, if of any."""
        client_id = self.client.client_id
        return Event(
            kind, self.now, actors.client(client_id), account_id, client_id, correlation_id=self.correlation_id
        )


class Replayed(InvalidGrant):
    """A code or refresh token came back after it was spent: its grant is to end, and the event to be told.

    `because` is kept with the grant.

    Spec: RFC6749-4.1.2, RFC9700-4.14.2
    """

    def __init__(self, refusal: InvalidGrant, *, grant_id: str, because: str, event: Event) -> None:
        super().__init__(refusal.description, reason=refusal.reason, clause=refusal.clause)
        self.grant_id = grant_id
        self.because = because
        self.event = event


class GrantType(Protocol):
    """Turns a token request into a redemption; only reads, and says what the endpoint is to claim.

    Where another request claims it first, the endpoint asks again: the second look finds what the other left.
    """

    def redeem(self, database: Database, request: TokenRequest) -> Redemption:
        """Return what to issue; raises an OAuthError where nothing is to be issued, Replayed where a grant must end."""
