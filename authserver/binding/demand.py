"""What a registration and its profile ask of the binding of tokens."""

from authserver.protocol.errors import InvalidRequest
from authserver.values import Value


class BindingDemand(Value, frozen=True):
    """What the caller's registration and profile ask of a token's binding.

    `sender_constraint` asks for either kind, `dpop` and `certificate` for that kind; `clause` is cited in a refusal.
    Where both kinds are asked for it is DPoP: its proof is a must, a certificate an intention, and a token has one key.

    Spec: RFC9449-5.2, RFC8705-3.4
    """

    sender_constraint: bool
    dpop: bool
    certificate: bool
    clause: str


def check_dpop_wanted(demand: BindingDemand) -> None:
    """Check that a DPoP key may be what tokens are bound to; raises InvalidRequest where it is to be the certificate.

    To leave a proof unread would answer who expects a bound token with one that is not bound to this key.

    Spec: RFC8705-3.4
    """
    if demand.certificate and not demand.dpop:
        raise InvalidRequest(
            "This client's tokens are bound to its certificate: leave out the DPoP proof and dpop_jkt.",
            clause="RFC8705-3.4",
        )
