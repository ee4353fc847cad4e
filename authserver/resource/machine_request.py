"""Reading a request to one of this server's own protected resources, which are machine endpoints."""

from authserver.resource.model import ResourceRequest
from authserver.web.machine.evidence import Origins, read_dpop_proofs
from authserver.web.machine.model import MachineRequest


def read_own_request(request: MachineRequest, origins: Origins) -> ResourceRequest:
    """Return what of a request decides whether it may pass; a token in the query is not looked at.

    Spec: RFC6750-2.1, RFC8705-3, RFC9449-4.3-1, FAPI2-SP-FINAL-5.3.4-2
    """
    return ResourceRequest(
        method=request.method,
        uris=origins.urls(request.path),
        authorization=request.headers.get("authorization"),
        dpop_proofs=read_dpop_proofs(request),
        certificate=request.certificate,
    )
