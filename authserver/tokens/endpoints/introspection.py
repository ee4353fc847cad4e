"""The introspection endpoint."""

from collections.abc import Callable

from authserver.clients.authenticated_request import RequestAuthenticator
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.grants.store.tokens import find_token
from authserver.keys.signer import SigningKeys
from authserver.protocol.handles import hash_handle
from authserver.tokens.describe import describe_token, render_description, seconds_to_keep
from authserver.tokens.signed_description import CONTENT_TYPE, sign_description
from authserver.values import Assembly
from authserver.web.machine.accept import asks_for
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import private_answer

_JSON = "application/json"


class Introspection(Assembly, frozen=True):
    """`POST /introspect`: a resource server asks about a token it received.

    A JWT is looked up like any other token, so that its revocation is known at once. A hint is no more than that. The
    answer is signed where the Accept header or the profile asks for it, and may be kept for `max_age_seconds` at most.

    Spec: RFC7662-2, RFC7662-2.1, RFC7662-2.2, RFC7662-4, RFC9701-4, RFC9701-5, FAPI2-MS-FINAL-5.5
    """

    database: Database
    clock: Clock
    reception: RequestAuthenticator
    keys: Callable[[], SigningKeys]
    issuer: str
    max_age_seconds: int = 0

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one introspection."""
        now = self.clock()
        received = self.reception.receive_confidential(request, now)
        token_hash = hash_handle(received.params.require("token", clause="RFC7662-2.1"))
        self.reception.claim(self.database, received)
        with self.database.read() as connection:
            state = find_token(connection, token_hash)
        told = describe_token(state, received.client, now)
        keep, headers = seconds_to_keep(told, self.max_age_seconds, now), self.reception.nonce_headers(received, now)
        must_sign = received.client.profile.signed_introspection_required
        if must_sign or asks_for(request.headers.get("accept", ""), CONTENT_TYPE, _JSON):
            signed = sign_description(told, token_hash, received.client, self.keys(), self.issuer, now)
            return private_answer(signed, CONTENT_TYPE, max_age_seconds=keep, headers=headers)
        return private_answer(render_description(told), _JSON, max_age_seconds=keep, headers=headers)
