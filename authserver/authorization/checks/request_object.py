"""Request objects and foreign request URIs are not supported, and say so by name."""

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidRequest, RequestNotSupported
from authserver.protocol.params import Params


def check_request_object(params: Params, _client: Client) -> None:
    """Return where the request holds neither `request` nor `request_uri`.

    A `request_uri` inside a pushed request would let it point elsewhere.

    Raises InvalidRequest or RequestNotSupported.

    Spec: RFC9126-2.1-2, OIDCC-6.1
    """
    if "request_uri" in params:
        raise InvalidRequest("A pushed request must not contain a request_uri.", clause="RFC9126-2.1-2")
    if "request" in params:
        raise RequestNotSupported("Request objects are not supported.", clause="OIDCC-6.1")
