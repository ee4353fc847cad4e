"""The scope: what the client registered, and `openid` where OpenID members are used."""

from authserver.clients.model import Client
from authserver.protocol.errors import InvalidScope
from authserver.protocol.params import Params
from authserver.protocol.scope import check_scope_within, parse_scope


def check_scope(params: Params, client: Client) -> None:
    """Return where the scope is well formed, within the client's registration, and there where nothing else is asked.

    Raises InvalidScope.

    Spec: RFC6749-3.3, RFC6749-4.1.1, RFC9396-3.1
    """
    scope = parse_scope(params.get("scope"))
    if not scope and "authorization_details" not in params:
        raise InvalidScope("The scope is required.", clause="RFC6749-3.3")
    check_scope_within(scope, client.scope)
