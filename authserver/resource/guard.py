"""Deciding whether a request may pass: one order of the same checks for every kind of token and every framework."""

import secrets
from collections.abc import Mapping
from typing import Protocol

from authserver.binding.dpop import DpopNonces
from authserver.clock import Clock
from authserver.resource.checks import Expectation, check_claims, check_scope, check_sender, read_presented
from authserver.resource.demand import NOTHING_MORE, Demand, check_authentication, check_detail
from authserver.resource.dpop_replay import ProofMemory, ProofStore, claim_proof
from authserver.resource.model import AccessToken, PresentedToken, ResourceRequest, TokenMissing
from authserver.resource.spent_tokens import SpentMemory, TokensSpent, spend_token
from authserver.values import Assembly, Hidden, field


class TokenSource(Protocol):
    """Finds what a token says: by verifying it here, or by asking its issuer."""

    def find_claims(self, token: str) -> Mapping[str, object]:
        """Return the token's claims; raises InvalidToken where it is none of the issuer's, or no longer good."""


def _own_nonces() -> DpopNonces:
    return DpopNonces(secrets.token_bytes(32), required=False)


class Guard(Assembly, frozen=True):
    """Lets requests with a good token pass.

    `nonces` may be shared by the processes of one API; with `required` set in it every proof must carry one. An API of
    several processes also gives `proofs` and `spent` stores that they share.
    """

    source: TokenSource
    expected: Expectation
    clock: Clock
    proofs: ProofStore = field(default_factory=ProofMemory)
    nonces: Hidden[DpopNonces] = field(default_factory=_own_nonces)
    spent: TokensSpent = field(default_factory=SpentMemory)

    def admit(self, request: ResourceRequest, demand: Demand = NOTHING_MORE) -> AccessToken:
        """Return the token with which the request may pass.

        Raises an OAuthError that `challenge` turns into the answer.
        """
        presented = read_presented(request)
        if presented is None:
            raise TokenMissing
        return self.check(self.find(presented.token), presented, request, demand)

    def find(self, token: str) -> AccessToken:
        """Return a token that is good at this API, in whoever's hands it is.

        Spec: FAPI2-SP-FINAL-5.3.4-3
        """
        return check_claims(self.source.find_claims(token), self.expected, self.clock())

    def check(
        self, token: AccessToken, presented: PresentedToken, request: ResourceRequest, demand: Demand
    ) -> AccessToken:
        """Return the token where its holder presents it, and it is all that is asked; the proof is claimed last.

        Spec: FAPI2-SP-FINAL-5.3.4-4, FAPI2-SP-FINAL-5.3.4-5
        """
        now = self.clock()
        proof = check_sender(request, presented, token.binding, self.nonces, now)
        check_scope(token.scope, demand.any_of)
        check_detail(token, demand.detail)
        check_authentication(token, presented, demand, now)
        claim_proof(self.proofs, proof, now)
        return token

    def spend(self, token: AccessToken, request: ResourceRequest) -> None:
        """Spend the token of an admitted request, right before the one act that it is good for.

        Raises InvalidToken where it was spent before.
        """
        presented = read_presented(request)
        if presented is None:
            raise TokenMissing
        spend_token(self.spent, token, presented, self.clock())
