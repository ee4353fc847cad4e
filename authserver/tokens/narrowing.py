"""A token request may ask for less than its grant reaches, never for more."""

from authserver.grants.model import Grant
from authserver.issuance.audience import check_details_served
from authserver.protocol.details.model import Details
from authserver.protocol.details.narrowing import narrow, widens
from authserver.protocol.details.parse import parse_authorization_details
from authserver.protocol.errors import InvalidAuthorizationDetails
from authserver.protocol.params import Params
from authserver.protocol.resource import check_resources_within, parse_resources
from authserver.protocol.scope import check_scope_within, parse_scope
from authserver.tokens.grant_type import TokenRequest


def narrow_scope(params: Params, grant: Grant) -> tuple[str, ...]:
    """Return the scope of this token: what is asked for now, within the grant's; all of it where nothing is asked.

    Raises InvalidScope for more.

    Spec: RFC6749-6
    """
    asked = parse_scope(params.get("scope"))
    check_scope_within(asked, grant.scope)
    return asked or grant.scope


def narrow_resources(params: Params, grant: Grant) -> tuple[str, ...]:
    """Return the resources that the request names, within the grant's; none stands for all of them.

    Raises InvalidTarget for others.

    Spec: RFC8707-2.2
    """
    asked = parse_resources(params.get_all("resource"))
    check_resources_within(asked, grant.resources)
    return asked


def narrow_details(request: TokenRequest, grant: Grant, scope: tuple[str, ...]) -> Details:
    """Return the details of this token: those asked for now, within the grant's; all of them where none is asked for.

    Raises InvalidAuthorizationDetails for more, or others, or at places that serve none of it, or so few that the scope
    of this token would reach further.

    Spec: RFC9396-6, RFC9396-6.1, RFC9396-8
    """
    asked = parse_authorization_details(request.params.get("authorization_details"))
    if not asked:
        return grant.authorization_details
    narrowed = narrow(grant.authorization_details, asked)
    if narrowed is None or widens(grant.authorization_details, narrowed, scope):
        raise InvalidAuthorizationDetails(
            "The authorization_details must not go beyond what was granted.", clause="RFC9396-6.1"
        )
    check_details_served(narrowed, (), request.servers)
    return narrowed
