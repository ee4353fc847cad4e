"""`authorization_details`: this server knows no type of them yet, so every one is unknown."""

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidAuthorizationDetails
from authserver.protocol.params import Params


def check_details(params: Params, _client: Client) -> None:
    """Return where the request holds no authorization details; to drop them would grant something else than asked.

    Raises InvalidAuthorizationDetails.

    Spec: RFC9396-5
    """
    if "authorization_details" in params:
        raise InvalidAuthorizationDetails("No type of authorization details is supported.", clause="RFC9396-5")
