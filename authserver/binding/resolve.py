"""Which proof a request carries, whether it is the one that is needed, and that it is used once."""

from authserver.binding.demand import BindingDemand, check_dpop_wanted
from authserver.binding.dpop import DpopNonces, DpopProof, ProofTarget, verify_proof
from authserver.binding.model import NO_BINDING, Binding
from authserver.binding.mtls import certificate_thumbprint, has_key_of_worth
from authserver.db.one_time_ids import OneTimeId, id_hash
from authserver.protocol.errors import InvalidDpopProof, InvalidRequest
from authserver.protocol.evidence import RequestCredentials


def read_proof(evidence: RequestCredentials, nonces: DpopNonces, now: int) -> DpopProof | None:
    """Verify the DPoP proof of a request to one of our own endpoints, where there is one; nothing is recorded.

    Called before any one-time thing is spent, so that a caller told to use a nonce can repeat the same request.

    Raises InvalidDpopProof or UseDpopNonce.

    Spec: RFC9449-5, RFC9449-8
    """
    if not evidence.dpop_proofs:
        return None
    return verify_proof(evidence.dpop_proofs, ProofTarget(evidence.http_method, evidence.http_uris), nonces, now)


def resolve_binding(evidence: RequestCredentials, proof: DpopProof | None, demand: BindingDemand) -> Binding:
    """Return what the tokens of this request are to be bound to: what the registration names, else what came.

    Where it names neither, a proof's key comes first. A certificate binds where the registration asks for it or the
    profile needs some constraint; otherwise a token for a client that merely authenticated by certificate would be
    bound unasked.

    Raises InvalidDpopProof or InvalidRequest where the demand is not met.

    Spec: RFC8705-3, RFC9449-5, FAPI2-SP-FINAL-5.3.2.1-4, FAPI2-SP-FINAL-5.3.2.1-5, RFC8705-6.3, RFC9700-4.10.1
    """
    if proof is not None:
        check_dpop_wanted(demand)
        return Binding(jkt=proof.jkt)
    if demand.dpop:
        raise InvalidDpopProof("A DPoP proof is required.", clause="RFC9449-5.2")
    if evidence.certificate is not None and (demand.certificate or demand.sender_constraint):
        if not has_key_of_worth(evidence.certificate):
            raise InvalidRequest("The client certificate's key is too weak.", clause="FAPI2-SP-FINAL-5.4.1-2")
        return Binding(x5t_s256=certificate_thumbprint(evidence.certificate))
    if demand.certificate:
        raise InvalidRequest("A client certificate is required.", clause="RFC8705-3.4")
    if demand.sender_constraint:
        raise InvalidRequest("A client certificate or a DPoP proof is required.", clause=demand.clause)
    return NO_BINDING


def proof_id(proof: DpopProof) -> OneTimeId:
    """Return the id under which a proof is claimed, so that it is accepted once.

    Spec: RFC9449-11.1
    """
    return OneTimeId(id_hash("dpop", proof.jkt, proof.jti), proof.expires_at, _proof_used_before)


def _proof_used_before() -> InvalidDpopProof:
    return InvalidDpopProof("The DPoP proof is not valid.", reason="jti was used before", clause="RFC9449-11.1")
