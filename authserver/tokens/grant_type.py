"""What the token endpoint hands a grant type, after authentication and binding."""

from dataclasses import dataclass
from typing import Protocol

from authserver.binding.model import Binding
from authserver.clients.model import Client
from authserver.db.engine import Connection
from authserver.events import EventSink
from authserver.issuance.issue import Redemption
from authserver.protocol.params import Params


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One token request by an authenticated client, with the binding its tokens are to have."""

    params: Params
    client: Client
    binding: Binding
    correlation_id: str
    now: int


class GrantType(Protocol):
    """Turns a token request into a redemption, claiming what may be used once."""

    def redeem(self, connection: Connection, request: TokenRequest, events: EventSink) -> Redemption:
        """Return what to issue; raises an OAuthError where nothing is to be issued."""
