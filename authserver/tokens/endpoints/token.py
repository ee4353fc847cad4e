"""The token endpoint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from authserver.binding.resolve import resolve_binding
from authserver.clients.model import Client, ResourceServer
from authserver.clients.reception import Reception, binding_demand
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.events import Event, EventSink
from authserver.grants.store.tokens import save_tokens
from authserver.issuance.issue import Mint
from authserver.keys.signer import SigningKeys
from authserver.protocol.errors import UnauthorizedClient, UnsupportedGrantType
from authserver.protocol.params import Params
from authserver.tokens.grant_type import GrantType, TokenRequest
from authserver.web.machine import MachineRequest, MachineResponse
from authserver.web.responses import json_no_store


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """`POST /token`: the phases that every grant shares; a grant type supplies `redeem` alone.

    Spec: RFC6749-3.2, RFC6749-5.1, FAPI2-SP-FINAL-5.3.2.1-4
    """

    database: Database
    clock: Clock
    reception: Reception
    grant_types: Mapping[str, GrantType]
    keys: Callable[[], SigningKeys]
    resource_servers: Callable[[], tuple[ResourceServer, ...]]
    mint: Mint
    events: EventSink

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one token request."""
        now = self.clock()
        received = self.reception.receive(request, now)
        client = received.client
        grant_type = self._grant_type(received.params, client)
        binding = resolve_binding(received.evidence, received.proof, binding_demand(client))
        asked = TokenRequest(received.params, client, binding, request.correlation_id, now)
        keys, servers = self.keys(), self.resource_servers()
        with self.database.transaction() as connection:
            self.reception.claim(connection, received)
            redemption = grant_type.redeem(connection, asked, self.events)
            tokens = self.mint.issue(redemption, client, binding, keys, servers, now)
            save_tokens(connection, tokens.records)
        account_id = redemption.grant.account_id if redemption.grant is not None else ""
        self.events(Event("token.issued", now, request.correlation_id, client.client_id, account_id))
        return json_no_store(tokens.members, headers=self.reception.nonce_headers(received, now))

    def _grant_type(self, params: Params, client: Client) -> GrantType:
        """Return the grant type asked for where the server knows it and the client registered it.

        Spec: RFC6749-5.2
        """
        name = params.require("grant_type", clause="RFC6749-4.1.3")
        grant_type = self.grant_types.get(name)
        if grant_type is None:
            raise UnsupportedGrantType("The grant_type is not one this server knows.", clause="RFC6749-5.2")
        if name not in client.grant_types:
            raise UnauthorizedClient("This client may not use this grant_type.", clause="RFC6749-5.2")
        return grant_type
