"""`authorization_details`: of types that this server knows and this client registered."""

from authserver.clients.model import Client
from authserver.protocol.details.parse import parse_authorization_details
from authserver.protocol.details.registry import type_names
from authserver.protocol.errors import InvalidAuthorizationDetails
from authserver.protocol.params import Params


def check_details(params: Params, client: Client) -> None:
    """Return where every detail is of a registered type.

    Raises InvalidAuthorizationDetails.

    Spec: RFC9396-5, RFC9396-10
    """
    details = parse_authorization_details(params.get("authorization_details"))
    if not type_names(details) <= client.authorization_details_types:
        raise InvalidAuthorizationDetails(
            "This client may not ask for authorization details of this type.", clause="RFC9396-10"
        )
