"""The response type: `code`, the one that leaves no token in a URL."""

from authserver.clients.model import Client
from authserver.protocol.errors import UnauthorizedClient, UnsupportedResponseType
from authserver.protocol.names import GRANT_AUTHORIZATION_CODE
from authserver.protocol.params import Params


def check_response_type(params: Params, client: Client) -> None:
    """Return where the response type is one that the client registered and its profile permits.

    Raises InvalidRequest, UnsupportedResponseType or UnauthorizedClient.

    Spec: RFC6749-3.1.1, FAPI2-SP-FINAL-5.3.2.2-1
    """
    clause = client.profile.clause("response_types")
    asked = params.require("response_type", clause="RFC6749-3.1.1")
    if asked not in client.profile.response_types:
        raise UnsupportedResponseType("The response_type must be code.", clause=clause)
    if asked not in client.response_types or GRANT_AUTHORIZATION_CODE not in client.grant_types:
        raise UnauthorizedClient(f"This client may not use the response type {asked}.", clause="RFC6749-4.1.2.1")
