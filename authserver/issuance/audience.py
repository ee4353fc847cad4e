"""Whom an access token is for, and in which form they take it."""

from collections.abc import Iterable
from dataclasses import dataclass

from authserver.clients.model import ResourceServer
from authserver.protocol.authorization_details.model import Detail, Details
from authserver.protocol.authorization_details.registry import locations_of
from authserver.protocol.names import SCOPE_OPENID


@dataclass(frozen=True, slots=True)
class Audience:
    """The audiences of an access token; `as_jwt` says whether it may be a JWT.

    `authorization_details` are those that mean something to one of them.
    """

    names: tuple[str, ...]
    as_jwt: bool
    authorization_details: Details = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """What a token is to be good for: scopes, the resources that were named, and details."""

    scope: tuple[str, ...]
    resources: tuple[str, ...]
    authorization_details: Details = ()


def resolve_audience(reach: Reach, servers: Iterable[ResourceServer], issuer: str) -> Audience:
    """Return the audience of a token: the resources named, else those that serve what it is good for, else the issuer.

    The issuer is an audience where the token is good at UserInfo. A JWT can be read by all for whom it is: it is one
    only where each takes one, and none would read details that are another's. Introspection tells each its own.

    Spec: RFC8707-2.2, RFC9068-3, RFC9700-2.3, RFC9700-4.9.1, RFC9700-4.10.2, RFC9396-2.2, RFC9396-3.2,
    RFC9396-9.1
    """
    scope, resources = reach.scope, reach.resources
    chosen = [server for server in servers if _serves(server, reach)]
    details = tuple(
        detail for detail in reach.authorization_details if any(serves_detail(server, detail) for server in chosen)
    )
    if resources:
        names = tuple(resources)
    else:
        served = tuple(audience for server in chosen for audience in server.audiences)
        names = (*served, issuer) if SCOPE_OPENID in scope or not served else served
    is_for_all = all(serves_detail(server, detail) for server in chosen for detail in details)
    return Audience(names, is_for_all and all(server.takes_jwt for server in chosen), details)


def serves_detail(server: ResourceServer, detail: Detail) -> bool:
    """Return whether a detail is of a type that a resource server serves, and names it if it names any.

    Spec: RFC9396-2.2
    """
    locations = locations_of(detail)
    is_named = not locations or bool(set(locations) & set(server.audiences))
    return is_named and detail["type"] in server.authorization_details_types


def _serves(server: ResourceServer, reach: Reach) -> bool:
    if reach.resources:
        return bool(set(reach.resources) & set(server.audiences))
    serves_scope = bool(server.scopes & set(reach.scope))
    return serves_scope or any(serves_detail(server, detail) for detail in reach.authorization_details)
