"""The token endpoint."""

from collections.abc import Callable, Mapping

from authserver.binding.resolve import resolve_binding
from authserver.clients.authenticated_request import RequestAuthenticator
from authserver.clients.binding import binding_demand
from authserver.clients.model import Client, ResourceServer
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.db.one_time_ids import OneTimeId
from authserver.db.writes import Writes
from authserver.events.catalogue import TOKEN_ISSUED
from authserver.events.journal import Journal
from authserver.grants.store.records import revoke_grant
from authserver.grants.store.tokens import save_issue
from authserver.issuance.issue import Mint, Redemption, TokenSet
from authserver.keys.signer import SigningKeys
from authserver.protocol.errors import (
    InvalidGrant,
    OAuthError,
    TemporarilyUnavailable,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from authserver.protocol.params import Params
from authserver.tokens.grant_type import GrantType, Replayed, TokenRequest
from authserver.values import Assembly
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import json_no_store

_LOOKS = 4
"""How often a request looks again after another of the same code or token came first; the second look settles it."""


class TokenEndpoint(Assembly, frozen=True):
    """`POST /token`: the phases that every grant shares; a grant type supplies `redeem` alone.

    Spec: RFC6749-3.2, RFC6749-5.1, FAPI2-SP-FINAL-5.3.2.1-4
    """

    database: Database
    clock: Clock
    reception: RequestAuthenticator
    grant_types: Mapping[str, GrantType]
    keys: Callable[[], SigningKeys]
    resource_servers: Callable[[], tuple[ResourceServer, ...]]
    audiences: Callable[[], frozenset[str]]
    mint: Mint
    journal: Journal

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one token request."""
        now = self.clock()
        received = self.reception.receive(request, now)
        client = received.client
        grant_type = self._grant_type(received.params, client)
        binding = resolve_binding(received.evidence, received.proof, binding_demand(client))
        servers, audiences = self.resource_servers(), self.audiences()
        asked = TokenRequest(received.params, client, binding, servers, request.correlation_id, now, audiences)
        redemption, tokens = self._issue(grant_type, asked, received.one_time_ids())
        account_id = redemption.grant.account_id if redemption.grant is not None else ""
        self.journal.tell(asked.event(TOKEN_ISSUED, account_id))
        return json_no_store(tokens.members, headers=self.reception.nonce_headers(received, now))

    def _issue(
        self, grant_type: GrantType, asked: TokenRequest, ids: tuple[OneTimeId, ...]
    ) -> tuple[Redemption, TokenSet]:
        """Redeem, mint, then claim and store all of it at once; look again where another request came first."""
        keys = self.keys()
        for _ in range(_LOOKS):
            try:
                redemption = grant_type.redeem(self.database, asked)
                tokens = self.mint.issue(redemption, asked.client, asked.binding, keys, asked.servers, asked.now)
            except OAuthError as refusal:
                self._settle(refusal, asked, ids)
                raise
            if save_issue(self.database, ids, redemption.claim, tokens.records):
                return redemption, tokens
            ids = ()  # they are claimed, for this request
        raise InvalidGrant("The same request was sent too often at the same time.", clause="RFC6749-5.2")

    def _settle(self, refusal: OAuthError, asked: TokenRequest, ids: tuple[OneTimeId, ...]) -> None:
        """Claim the ids of a refused request, then end the grant of what was replayed.

        In this order: a request that is itself a replay is refused for that, and ends nothing.

        Spec: RFC7523-3-7, RFC6749-4.1.2, RFC9700-4.14.2
        """
        if isinstance(refusal, TemporarilyUnavailable):
            return
        if ids:
            self.database.write(Writes(ids))
        if isinstance(refusal, Replayed):
            with self.database.transaction() as connection:
                if revoke_grant(connection, refusal.grant_id, refusal.because, asked.now):
                    self.journal.record(connection, refusal.event)

    def _grant_type(self, params: Params, client: Client) -> GrantType:
        """Return the grant type asked for where the server knows it and the client registered it.

        Spec: RFC6749-5.2
        """
        name = params.require("grant_type", clause="RFC6749-4.1.3")
        grant_type = self.grant_types.get(name)
        if grant_type is None:
            raise UnsupportedGrantType("The grant_type is not supported.", clause="RFC6749-5.2")
        if name not in client.grant_types:
            raise UnauthorizedClient("This client may not use this grant_type.", clause="RFC6749-5.2")
        return grant_type
