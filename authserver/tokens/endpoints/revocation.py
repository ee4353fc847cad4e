"""The revocation endpoint."""

from authserver.clients.authenticated_request import RequestAuthenticator
from authserver.clock import Clock
from authserver.db.engine import Connection, Database
from authserver.events import model as actors
from authserver.events.catalogue import TOKEN_REVOKED
from authserver.events.model import Event, EventSink
from authserver.grants.model import KIND_REFRESH, TokenState
from authserver.grants.store.records import revoke_grant
from authserver.grants.store.tokens import find_token, revoke_token
from authserver.protocol.handles import hash_handle
from authserver.values import Assembly
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import empty


class Revocation(Assembly, frozen=True):
    """`POST /revoke`: a client gives back a token; with a refresh token goes its whole grant.

    A token that is unknown, or another client's, is answered like one that was revoked, and left as it is.

    Spec: RFC7009-2, RFC7009-2.1, RFC7009-2.2
    """

    database: Database
    clock: Clock
    reception: RequestAuthenticator
    events: EventSink

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one revocation."""
        now = self.clock()
        received = self.reception.receive(request, now)
        token_hash = hash_handle(received.params.require("token", clause="RFC7009-2.1"))
        self.reception.claim(self.database, received)
        with self.database.transaction() as connection:
            state = find_token(connection, token_hash)
            is_theirs = state is not None and state.token.client_id == received.client.client_id
            if state is not None and is_theirs:
                _revoke(connection, state, now)
        if is_theirs:
            self.events(_event(received.client.client_id, request.correlation_id, now))
        return empty(headers=self.reception.nonce_headers(received, now))


def _event(client_id: str, correlation_id: str, now: int) -> Event:
    return Event(TOKEN_REVOKED, now, actors.client(client_id), client=client_id, correlation_id=correlation_id)


def _revoke(connection: Connection, state: TokenState, now: int) -> None:
    """End the token, and with a refresh token all that came from its grant.

    Spec: RFC7009-2.1
    """
    if state.token.kind == KIND_REFRESH and state.token.grant_id is not None:
        revoke_grant(connection, state.token.grant_id, "revoked_by_client", now)
    else:
        revoke_token(connection, state.token.token_hash, now)
