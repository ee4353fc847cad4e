"""Pushed authorization requests."""

from collections.abc import Callable

from authserver.authorization.answers.model import Redirect
from authserver.authorization.parse import RequestPolicy, parse_request
from authserver.authorization.request_object import RequestObjects
from authserver.authorization.store import pushed_row
from authserver.binding.demand import check_dpop_wanted
from authserver.binding.dpop import DpopProof
from authserver.clients.authenticated_request import RequestAuthenticator
from authserver.clients.binding import binding_demand
from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.db.writes import Writes
from authserver.protocol.errors import InvalidRequest
from authserver.protocol.handles import new_handle
from authserver.protocol.names import REQUEST_URI_PREFIX
from authserver.protocol.params import Params
from authserver.values import Assembly, replace
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import created


class PushedAuthorizationRequest(Assembly, frozen=True):
    """`POST /par`: an authenticated client leaves its request and gets a reference for the browser to carry.

    Spec: RFC9126-2, RFC9126-3, FAPI2-SP-FINAL-5.3.2.2-2, FAPI2-SP-FINAL-5.3.2.2-12
    """

    database: Database
    clock: Clock
    reception: RequestAuthenticator
    policy: Callable[[], RequestPolicy]
    request_objects: RequestObjects
    lifetime_seconds: int

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one pushed request."""
        now = self.clock()
        received = self.reception.receive(request, now)
        params = self.request_objects.open(received.params, received.client, now)
        _check_pkce(params, received.client)
        asked, redirect = parse_request(params, received.client, self.policy())
        if received.proof is not None:
            check_dpop_wanted(binding_demand(received.client))
        redirect = bind_code_to_key(redirect, received.proof)
        request_uri = REQUEST_URI_PREFIX + new_handle()
        row = pushed_row((asked, redirect), request_uri, now=now, lifetime=self.lifetime_seconds)
        self.database.write(Writes(received.one_time_ids(), rows=(row,)))
        return created(
            {"request_uri": request_uri, "expires_in": self.lifetime_seconds},
            headers=self.reception.nonce_headers(received, now),
        )


def _check_pkce(params: Params, client: Client) -> None:
    """Refuse a request without PKCE where the profile demands it of those that are pushed.

    Spec: FAPI1-ADV-FINAL-5.2.2-18
    """
    if client.profile.pkce_required_when_pushed and "code_challenge" not in params:
        raise InvalidRequest("A code_challenge is required.", clause=client.profile.clause("pkce_required_when_pushed"))


def bind_code_to_key(redirect: Redirect, proof: DpopProof | None) -> Redirect:
    """Return how a request is answered, with the code bound to the key of the proof that the request came with.

    Raises InvalidRequest where the request names another key.

    Spec: RFC9449-10.1, FAPI2-SP-FINAL-5.3.2.1-12
    """
    if proof is None:
        return redirect
    if redirect.dpop_jkt not in {None, proof.jkt}:
        raise InvalidRequest("The dpop_jkt must be the thumbprint of the DPoP proof's key.", clause="RFC9449-10.1")
    return replace(redirect, dpop_jkt=proof.jkt)
