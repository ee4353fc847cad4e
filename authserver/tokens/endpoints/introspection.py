"""The introspection endpoint."""

from dataclasses import dataclass

from authserver.clients.reception import Reception
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.grants.store.tokens import find_token
from authserver.protocol.handles import hash_handle
from authserver.tokens.describe import describe_token
from authserver.web.machine import MachineRequest, MachineResponse
from authserver.web.responses import json_no_store


@dataclass(frozen=True, slots=True)
class Introspection:
    """`POST /introspect`: a resource server asks about a token it received.

    A JWT is looked up like any other token, so that its revocation is known at once. A hint is no more than that.

    Spec: RFC7662-2, RFC7662-2.1, RFC7662-2.2
    """

    database: Database
    clock: Clock
    reception: Reception

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one introspection."""
        now = self.clock()
        received = self.reception.receive(request, now)
        token = received.params.require("token", clause="RFC7662-2.1")
        self.reception.claim(self.database, received)
        with self.database.read() as connection:
            state = find_token(connection, hash_handle(token))
        return json_no_store(
            describe_token(state, received.client, now), headers=self.reception.nonce_headers(received, now)
        )
