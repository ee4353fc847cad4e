"""The UserInfo endpoint: claims about the person, for the holder of a token and its key."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from authserver.binding.dpop import DpopNonces, DpopProof, ProofTarget, verify_proof
from authserver.binding.model import Binding, parse_confirmation
from authserver.binding.mtls import certificate_thumbprint
from authserver.binding.resolve import proof_id
from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.db.at_once import Writes
from authserver.db.engine import Database
from authserver.grants.model import KIND_ACCESS, PersonOfToken, TokenState
from authserver.grants.store.tokens import find_token_of_person
from authserver.issuance.claims import select_claims
from authserver.issuance.rights import keep_claims
from authserver.issuance.subject import subject_of
from authserver.protocol.errors import InsufficientScope, InvalidToken, OAuthError
from authserver.protocol.handles import hash_handle
from authserver.protocol.names import SCOPE_OPENID
from authserver.tokens.describe import audience_of
from authserver.web.machine.challenges import render_challenge
from authserver.web.machine.evidence import Origins, PresentedToken, read_access_token, read_dpop_proofs
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import json_no_store

_REFUSAL = "The access token is not valid here."


@dataclass(frozen=True, slots=True)
class UserInfo:
    """`GET` or `POST /userinfo`; `find_client` finds a client that may be served, as it is registered now.

    Spec: OIDCC-5.3, RFC8705-3, RFC9449-7.1, FAPI2-SP-FINAL-5.3.4-1, FAPI2-SP-FINAL-5.3.4-5
    """

    database: Database
    clock: Clock
    origins: Origins
    nonces: DpopNonces
    issuer: str
    find_client: Callable[[str], Client | None]

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one request for claims, or challenge it."""
        presented = read_access_token(request)
        try:
            claims = self._claims(request, presented, self.clock())
        except OAuthError as error:
            return render_challenge(error, request.correlation_id, token_was_sent=presented is not None)
        return json_no_store(claims)

    def _claims(self, request: MachineRequest, presented: PresentedToken | None, now: int) -> Mapping[str, object]:
        if presented is None:
            raise InvalidToken("An access token is required.", clause="RFC6750-3.1")
        with self.database.read() as connection:
            state, person = find_token_of_person(connection, hash_handle(presented.token)) or (None, None)
        token = self._check_token(state, now)
        client = self._client_of(token)
        proof = self._check_binding(request, presented, _binding_of(token), now)
        if proof is not None:
            self.database.write(Writes((proof_id(proof),)))
        return _claims_for(token, person, client)

    def _check_token(self, state: TokenState | None, now: int) -> TokenState:
        """Return the token where it is a good one for this endpoint.

        Spec: RFC6750-3.1, FAPI2-SP-FINAL-5.3.4-3, FAPI2-SP-FINAL-5.3.4-4
        """
        if state is None or state.token.kind != KIND_ACCESS or not state.is_active(now):
            raise InvalidToken(_REFUSAL, reason="unknown, expired or revoked", clause="RFC6750-3.1")
        if self.issuer not in audience_of(state.token.claims):
            raise InvalidToken(_REFUSAL, reason="the token is for another audience", clause="RFC9068-4")
        if SCOPE_OPENID not in str(state.token.claims.get("scope", "")).split():
            raise InsufficientScope("The access token lacks the scope openid.", clause="OIDCC-5.3.1")
        return state

    def _client_of(self, state: TokenState) -> Client:
        """Return the client of a token, where its present registration still lets it ask here.

        Spec: OIDCC-5.3.1, RFC8705-3.4, RFC9449-5.2
        """
        client = self.find_client(state.token.client_id)
        if client is None:
            raise InvalidToken(_REFUSAL, reason="its client is disabled or gone", clause="RFC6750-3.1")
        if SCOPE_OPENID not in client.scope:
            raise InsufficientScope("The client is not registered for openid.", clause="OIDCC-5.3.1")
        if client.binds_tokens and not _binding_of(state).confirmation():
            raise InvalidToken(_REFUSAL, reason="its client must bind tokens now", clause="RFC9449-5.2")
        return client

    def _check_binding(
        self, request: MachineRequest, presented: PresentedToken, binding: Binding, now: int
    ) -> DpopProof | None:
        """Check that the caller holds the key that the token is bound to; return a DPoP proof to claim.

        Spec: RFC8705-3, RFC9449-7.1, RFC9449-7.2
        """
        if binding.jkt is not None:
            if presented.scheme != "dpop":
                raise InvalidToken(_REFUSAL, reason="a DPoP token presented as Bearer", clause="RFC9449-7.2")
            target = ProofTarget(request.method, self.origins.urls(request.path), presented.token)
            proof = verify_proof(read_dpop_proofs(request), target, self.nonces, now)
            if not hmac.compare_digest(proof.jkt, binding.jkt):
                raise InvalidToken(_REFUSAL, reason="the proof is by another key", clause="RFC9449-7.1")
            return proof
        if presented.scheme != "bearer":
            raise InvalidToken(_REFUSAL, reason="no DPoP token presented as one", clause="RFC9449-7.1")
        _check_certificate(request, binding)
        return None


def _check_certificate(request: MachineRequest, binding: Binding) -> None:
    """Check that a certificate-bound token came with its certificate.

    Spec: RFC8705-3
    """
    if binding.x5t_s256 is None:
        return
    presented = certificate_thumbprint(request.certificate) if request.certificate is not None else ""
    if not hmac.compare_digest(presented, binding.x5t_s256):
        raise InvalidToken(_REFUSAL, reason="the certificate is missing or another one", clause="RFC8705-3")


def _binding_of(state: TokenState) -> Binding:
    confirmation = state.token.claims.get("cnf")
    return parse_confirmation(confirmation if isinstance(confirmation, dict) else None)


def _claims_for(state: TokenState, person: PersonOfToken | None, client: Client) -> Mapping[str, object]:
    """Return the claims that the token's scope and its grant's single requests cover, within the registration.

    Spec: OIDCC-5.3.2, OIDCC-5.4, OIDCC-5.5
    """
    if person is None:
        raise InvalidToken(_REFUSAL, reason="the token belongs to no person", clause="OIDCC-5.3.1")
    scope = client.scope.intersection(str(state.token.claims.get("scope", "")).split())
    told = select_claims(person.claims, scope, keep_claims(person.grant.userinfo_claims, client))
    return {**told, "sub": subject_of(person.grant)}
