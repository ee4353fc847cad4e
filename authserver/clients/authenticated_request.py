"""The first phases of every machine endpoint: read, check the proof, authenticate; then claim what is used once."""

from typing import Protocol

from authserver.binding.dpop import DpopNonces, DpopProof
from authserver.binding.resolve import proof_id, read_proof
from authserver.clients.authentication import (
    AuthenticatedClient,
    ClientAuthentication,
    assertion_id_of,
    claimed_client_id,
)
from authserver.clients.model import Client
from authserver.db.engine import Database
from authserver.db.one_time_ids import OneTimeId
from authserver.db.writes import Writes
from authserver.events.catalogue import CLIENT_AUTHENTICATION_FAILED
from authserver.events.model import ANYONE, Event, EventSink
from authserver.limits.rates import address_key
from authserver.protocol.errors import InvalidClient
from authserver.protocol.evidence import RequestCredentials
from authserver.protocol.params import Params
from authserver.values import Assembly, Value
from authserver.web.machine.evidence import Origins, read_evidence
from authserver.web.machine.forms import read_form
from authserver.web.machine.model import MachineRequest
from authserver.web.machine.responses import Headers


class RequestLimiter(Protocol):
    """Counts a request against a named limit, or the caller's own."""

    def hit(self, name: str, key: str, own: str | None = None) -> None:
        """Count one; raises TooManyRequests where the limit is reached."""


class AuthenticatedRequest(Value, frozen=True):
    """An authenticated request; its one-time ids are not claimed yet."""

    params: Params
    evidence: RequestCredentials
    proof: DpopProof | None
    caller: AuthenticatedClient

    @property
    def client(self) -> Client:
        """Return the client that called."""
        return self.caller.client

    def one_time_ids(self) -> tuple[OneTimeId, ...]:
        """Return the ids of the assertion and of the proof, where there are such."""
        assertion = self.caller.assertion_id
        of_assertion = () if assertion is None else (assertion_id_of(self.client, assertion),)
        return of_assertion if self.proof is None else (*of_assertion, proof_id(self.proof))


class RequestAuthenticator(Assembly, frozen=True):
    """What the machine endpoints share before each decides for itself.

    The proof is checked before the client's assertion is spent, so that a caller told to use a nonce may repeat its
    request as it was. Nothing is written before `claim`.
    """

    origins: Origins
    nonces: DpopNonces
    authentication: ClientAuthentication
    limits: RequestLimiter
    events: EventSink

    def receive(self, request: MachineRequest, now: int) -> AuthenticatedRequest:
        """Return the request's parameters with the client that proved to have sent them.

        Raises an OAuthError where the form, the proof or the credentials are not in order, or a limit is reached.

        Spec: RFC6749-3.2.1, RFC9126-2, RFC7662-2.1, RFC7009-2.1, RFC9449-5, RFC6749-4.4.2
        """
        params = read_form(request)
        evidence = read_evidence(request, params, self.origins)
        proof = read_proof(evidence, self.nonces, now)
        try:
            caller = self.authentication.verify(evidence, now)
        except InvalidClient as error:
            self._failed(request, evidence, error, now)
            raise
        self.limits.hit("client", _counted_as(caller.client, request), caller.client.request_limit)
        return AuthenticatedRequest(params, evidence, proof, caller)

    def receive_confidential(self, request: MachineRequest, now: int) -> AuthenticatedRequest:
        """Return a request as `receive` does, of a client that proved itself by a credential.

        Raises InvalidClient for a public one, which proves nothing.

        Spec: RFC7662-2.1
        """
        received = self.receive(request, now)
        if received.client.is_public:
            raise InvalidClient(reason="a public client may not ask this", clause="RFC7662-2.1")
        return received

    def claim(self, database: Database, received: AuthenticatedRequest) -> None:
        """Claim the ids of the assertion and of the proof at once, so that neither is accepted again.

        For requests that write nothing else by which they could claim them too.

        Raises InvalidClient or InvalidDpopProof where one was claimed before.

        Spec: RFC7523-3-7, RFC9449-11.1
        """
        ids = received.one_time_ids()
        if ids:
            database.write(Writes(ids))

    def nonce_headers(self, received: AuthenticatedRequest, now: int) -> Headers:
        """Return the header that supplies the next nonce to a caller that uses DPoP, where nonces are demanded.

        Elsewhere none is supplied unasked: no proof without a nonce might be accepted from a caller that was given one.

        Spec: RFC9449-8.2, RFC9449-11.3
        """
        if received.proof is None or not self.nonces.required:
            return ()
        return (("DPoP-Nonce", self.nonces.current(now)),)

    def _failed(self, request: MachineRequest, evidence: RequestCredentials, error: InvalidClient, now: int) -> None:
        # Not as the event's client: whoever fails may say any name, and must not make a line about that client.
        detail = {"claimed_client_id": claimed_client_id(evidence), "reason": error.reason}
        self.events(
            Event(CLIENT_AUTHENTICATION_FAILED, now, ANYONE, detail=detail, correlation_id=request.correlation_id)
        )
        self.limits.hit("client_authentication_failure", address_key(request.remote_address))


def _counted_as(client: Client, request: MachineRequest) -> str:
    """Return under which key a client's requests are counted.

    A public client's by address: anyone may say to be it, and must not use up what others need.
    """
    return f"{client.client_id}|{address_key(request.remote_address)}" if client.is_public else client.client_id
