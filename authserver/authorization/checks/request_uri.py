"""References to a request that lies elsewhere, and request objects where none are opened, are refused by name."""

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidRequest, RequestNotSupported
from authserver.protocol.params import Params


def check_request_uri(params: Params, _client: Client) -> None:
    """Return where the request holds no `request_uri`: inside a pushed request it would let it point elsewhere.

    Raises InvalidRequest.

    Spec: RFC9126-2.1-2
    """
    if "request_uri" in params:
        raise InvalidRequest("A pushed request must not contain a request_uri.", clause="RFC9126-2.1-2")


def check_no_request_object(params: Params, client: Client) -> None:
    """Return where the request holds neither `request` nor `request_uri`.

    Raises InvalidRequest or RequestNotSupported.

    Spec: RFC9126-2.1-2, OIDCC-6.1
    """
    check_request_uri(params, client)
    if "request" in params:
        raise RequestNotSupported("Request objects are not supported here.", clause="OIDCC-6.1")
