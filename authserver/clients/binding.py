"""What a client's tokens are to be bound to."""

from authserver.binding.demand import BindingDemand
from authserver.clients.model import Client


def binding_demand(client: Client) -> BindingDemand:
    """Return what a client's registration and profile ask of its tokens' binding.

    Spec: FAPI2-SP-FINAL-5.3.2.1-4, RFC8705-3.4, RFC9449-5.2
    """
    return BindingDemand(
        sender_constraint=client.profile.sender_constraint_required,
        dpop=client.dpop_bound_access_tokens,
        certificate=client.certificate_bound_access_tokens,
        clause=client.profile.clause("sender_constraint_required"),
    )
