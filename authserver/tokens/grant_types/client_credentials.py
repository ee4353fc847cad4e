"""The client credentials grant: a client acts for itself."""

from authserver.clients.model import Client
from authserver.db.engine import Database
from authserver.issuance.issue import Redemption
from authserver.protocol.errors import InvalidAuthorizationDetails, InvalidScope
from authserver.protocol.names import SCOPES_OF_OPENID
from authserver.protocol.resource import parse_resources
from authserver.protocol.scope import check_scope_within, parse_scope
from authserver.tokens.grant_type import TokenRequest
from authserver.values import Value


class ClientCredentialsGrant(Value, frozen=True):
    """Issues for the client itself, within its registered scope less whatever is about a person; never refreshable.

    Spec: RFC6749-4.4, RFC6749-4.4.3
    """

    def redeem(self, _database: Database, request: TokenRequest) -> Redemption:
        """Return what the client may have.

        Raises InvalidScope where nothing is left to issue over, InvalidTarget for a resource that is none,
        InvalidAuthorizationDetails for any details: each type of them is a person's to allow.
        """
        if "authorization_details" in request.params:
            raise InvalidAuthorizationDetails(
                "The grant type client_credentials does not allow authorization_details.", clause="RFC9396-8"
            )
        allowed = _own_scope(request.client)
        asked = parse_scope(request.params.get("scope"))
        check_scope_within(asked, allowed)
        scope = asked or allowed
        if not scope:
            raise InvalidScope(
                "The client is registered for no scope that it may use without a person.", clause="RFC6749-3.3"
            )
        return Redemption(scope=scope, resources=parse_resources(request.params.get_all("resource")))


def _own_scope(client: Client) -> tuple[str, ...]:
    return tuple(sorted(client.scope.difference(SCOPES_OF_OPENID)))
