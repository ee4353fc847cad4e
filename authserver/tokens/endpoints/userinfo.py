"""The UserInfo endpoint: claims about the person, for the holder of a token and its key."""

from collections.abc import Callable, Mapping

from authserver.binding.dpop import DpopNonces
from authserver.binding.resolve import proof_id
from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.db.writes import Writes
from authserver.grants.model import KIND_ACCESS, PersonOfToken, TokenState
from authserver.grants.store.tokens import find_token_of_person
from authserver.issuance.claims import select_claims
from authserver.issuance.rights import keep_claims
from authserver.issuance.subject import subject_of
from authserver.protocol.errors import InsufficientScope, InvalidToken, OAuthError
from authserver.protocol.handles import hash_handle
from authserver.protocol.names import SCOPE_OPENID
from authserver.resource.checks import Expectation, check_claims, check_scope, check_sender, read_authorization
from authserver.resource.machine_request import read_own_request
from authserver.resource.model import AccessToken, ResourceRequest, TokenMissing
from authserver.values import Assembly
from authserver.web.machine.challenges import render_challenge
from authserver.web.machine.evidence import Origins
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import json_no_store

_REFUSAL = "The access token is not valid here."
_OUT_OF_REACH = "The access token lacks the scope openid."


class UserInfo(Assembly, frozen=True):
    """`GET` or `POST /userinfo`: a protected resource like any other, whose tokens stand in our own database.

    `find_client` finds a client that may be served, as it is registered now.

    Spec: OIDCC-5.3, RFC8705-3, RFC9449-7.1, FAPI2-SP-FINAL-5.3.4-1, FAPI2-SP-FINAL-5.3.4-5
    """

    database: Database
    clock: Clock
    origins: Origins
    nonces: DpopNonces
    expected: Expectation
    find_client: Callable[[str], Client | None]

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one request for claims, or challenge it."""
        try:
            claims = self._claims(read_own_request(request, self.origins), self.clock())
        except OAuthError as error:
            was_sent = not isinstance(error, TokenMissing)
            return render_challenge(error, request.correlation_id, token_was_sent=was_sent)
        return json_no_store(claims)

    def _claims(self, request: ResourceRequest, now: int) -> Mapping[str, object]:
        """Return what may be told; the proof is claimed last, for a request that is good in all else.

        Spec: FAPI2-SP-FINAL-5.3.4-3, FAPI2-SP-FINAL-5.3.4-4, FAPI2-SP-FINAL-5.3.4-5
        """
        presented = read_authorization(request.authorization)
        if presented is None:
            raise TokenMissing
        with self.database.read() as connection:
            state, person = find_token_of_person(connection, hash_handle(presented.token)) or (None, None)
        token = check_claims(_active_claims(state, now), self.expected, now)
        check_scope(token.scope, (SCOPE_OPENID,), _OUT_OF_REACH)
        client = self._client_of(token)
        proof = check_sender(request, presented, token.binding, self.nonces, now)
        if proof is not None:
            self.database.write(Writes((proof_id(proof),)))
        return _claims_for(token, person, client)

    def _client_of(self, token: AccessToken) -> Client:
        """Return the client of a token, where its present registration still lets it ask here.

        Spec: OIDCC-5.3.1, RFC8705-3.4, RFC9449-5.2
        """
        client = self.find_client(token.client_id)
        if client is None:
            raise InvalidToken(_REFUSAL, reason="its client is disabled or gone", clause="RFC6750-3.1")
        if SCOPE_OPENID not in client.scope:
            raise InsufficientScope("The client is not registered for the scope openid.", clause="OIDCC-5.3.1")
        if client.binds_tokens and not token.binding.confirmation():
            raise InvalidToken(_REFUSAL, reason="its client must bind tokens now", clause="RFC9449-5.2")
        return client


def _active_claims(state: TokenState | None, now: int) -> Mapping[str, object]:
    """Return what an access token says that nothing has ended.

    Spec: RFC6750-3.1
    """
    if state is None or state.token.kind != KIND_ACCESS or not state.is_active(now):
        raise InvalidToken(_REFUSAL, reason="unknown, expired or revoked", clause="RFC6750-3.1")
    return state.token.claims


def _claims_for(token: AccessToken, person: PersonOfToken | None, client: Client) -> Mapping[str, object]:
    """Return the claims that the token's scope and its grant's single requests cover, within the registration.

    Spec: OIDCC-5.3.2, OIDCC-5.4, OIDCC-5.5
    """
    if person is None:
        raise InvalidToken(_REFUSAL, reason="the token belongs to no person", clause="OIDCC-5.3.1")
    scope = client.scope & token.scope
    told = select_claims(person.claims, scope, keep_claims(person.grant.userinfo_claims, client))
    return {**told, "sub": subject_of(person.grant)}
