"""What is left of a grant under its client's registration as it is now: rights are checked when they are used.

A grant is kept as the person made it, and may last for months. What the operator takes out of the registration
meanwhile is not issued from that moment on, and is there again once it is put back.
"""

from collections.abc import Container, Iterable

from authserver.clients.model import Client
from authserver.grants.model import Grant
from authserver.protocol.claims import STANDARD_CLAIMS, claims_of_scope
from authserver.protocol.details.narrowing import widens
from authserver.protocol.details.registry import find_payment
from authserver.protocol.errors import InvalidGrant
from authserver.values import replace

_CLAUSE = "RFC6749-5.2"


def keep_claims(asked: Iterable[str], client: Client) -> tuple[str, ...]:
    """Return those of the single claims that a client may have: the claims of the scopes it is registered for.

    What is no claim about the person, such as `acr`, stays.

    Spec: OIDCC-5.5
    """
    allowed = claims_of_scope(client.scope)
    return tuple(name for name in asked if name in allowed or name not in STANDARD_CLAIMS)


def narrow_grant(grant: Grant, client: Client) -> Grant:
    """Return what the client's present registration leaves of a grant, which may be nothing.

    Spec: RFC6749-3.3, RFC9396-10
    """
    scope = tuple(name for name in grant.scope if name in client.scope)
    types = client.authorization_details_types
    details = tuple(detail for detail in grant.authorization_details if detail["type"] in types)
    id_token, userinfo = keep_claims(grant.id_token_claims, client), keep_claims(grant.userinfo_claims, client)
    left = (scope, details, id_token, userinfo)
    if left == (grant.scope, grant.authorization_details, grant.id_token_claims, grant.userinfo_claims):
        return grant
    return replace(
        grant, scope=scope, authorization_details=details, id_token_claims=id_token, userinfo_claims=userinfo
    )


def usable_grant(grant: Grant, client: Client, audiences: Container[str]) -> Grant:
    """Return a grant as tokens may be issued from it now; `audiences` are all that this server knows.

    Raises InvalidGrant where nothing is left, or what is left would reach further than what the person allowed.

    Spec: RFC6749-5.1, RFC6749-5.2, RFC9700-2.2.1, RFC8707-2.2, RFC9396-3.2
    """
    left = narrow_grant(grant, client)
    resources = tuple(name for name in grant.resources if name in audiences)
    reason = _fault(grant, left, client)
    if grant.resources and not resources:  # and to name none would be to reach every API
        reason = "none of the resources that the grant names is an API of this server now"
    if reason:
        raise InvalidGrant("The client is no longer registered for what was granted.", reason=reason, clause=_CLAUSE)
    left = _with_registered_claims(left, client)
    return left if resources == grant.resources else replace(left, resources=resources)


def _with_registered_claims(grant: Grant, client: Client) -> Grant:
    """Return a grant with those claims in the ID token that the client is registered for and the scope covers.

    Spec: OIDCC-2, OIDCC-5.4
    """
    if not client.id_token_claims:
        return grant
    told = claims_of_scope(frozenset(grant.scope))
    registered = (name for name in client.id_token_claims if name in told)
    return replace(grant, id_token_claims=tuple(dict.fromkeys((*grant.id_token_claims, *registered))))


def _fault(grant: Grant, left: Grant, client: Client) -> str:
    """Return why nothing may be issued from what is left of a grant, or nothing."""
    if not client.binds_tokens and (grant.authorization_details or set(grant.scope) - client.profile.bearer_scopes):
        return "the grant reaches data, and the client is no longer registered for bound tokens"
    if find_payment(grant.authorization_details) != find_payment(left.authorization_details):
        return "the client is no longer registered for the payment that was allowed"
    if widens(grant.authorization_details, left.authorization_details, left.scope):
        # To an API its scope alone may stand for every account, beside the detail only for those that were chosen.
        return "the client is no longer registered for a type of details that limited its scope"
    return "" if left.scope or left.authorization_details else "the client is registered for nothing of it now"
