"""Gathering what a caller presents to prove itself, without believing any of it."""

from authserver.protocol.evidence import RequestCredentials
from authserver.protocol.params import Params
from authserver.values import Value
from authserver.web.machine.model import MachineRequest


class Origins(Value, frozen=True):
    """The origins under which the server is known: the issuer's, and the one that asks for certificates."""

    issuer: str
    mtls_origin: str

    def urls(self, path: str) -> tuple[str, ...]:
        """Return the URL of a path at each origin, the issuer's first."""
        if self.mtls_origin == self.issuer:
            return (self.issuer + path,)
        return (self.issuer + path, self.mtls_origin + path)


def read_evidence(request: MachineRequest, params: Params, origins: Origins) -> RequestCredentials:
    """Return the credentials, assertion, certificate and proofs in a request.

    Spec: RFC6749-2.3, RFC9449-4.1
    """
    scheme, _, _ = request.headers.get("authorization", "").partition(" ")
    return RequestCredentials(
        http_method=request.method,
        http_uris=origins.urls(request.path),
        basic=request.headers["authorization"] if scheme.lower() == "basic" else None,
        client_id=params.get("client_id"),
        client_secret=params.get("client_secret"),
        client_assertion=params.get("client_assertion"),
        client_assertion_type=params.get("client_assertion_type"),
        certificate=request.certificate,
        dpop_proofs=read_dpop_proofs(request),
    )


def read_dpop_proofs(request: MachineRequest) -> tuple[str, ...]:
    """Return each DPoP header value.

    Servers join repeated headers with a comma, which no JWT holds: so two headers are seen as two.

    Spec: RFC9449-4.3-1
    """
    value = request.headers.get("dpop")
    return tuple(part.strip() for part in value.split(",")) if value is not None else ()
