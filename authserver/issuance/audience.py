"""Whom an access token is for, what of it each of them is told, and in which form they take it.

A detail bounds the scope that was granted beside it: an API that a detail does not reach cannot keep to it, and to its
own reading the scope alone may stand for everything. So no API is told of a scope over data unless every detail that
was granted with that scope reaches it.
"""

from collections.abc import Iterable
from functools import lru_cache

from authserver.clients.model import ResourceServer
from authserver.protocol.details.model import Detail, Details
from authserver.protocol.details.narrowing import leaves_out
from authserver.protocol.details.registry import locations_of
from authserver.protocol.errors import InvalidAuthorizationDetails, InvalidTarget
from authserver.protocol.names import SCOPE_OPENID, SCOPES_OF_OPENID
from authserver.protocol.scope import openid_scopes
from authserver.values import Value

_KEPT_ANSWERS = 1024


class Audience(Value, frozen=True):
    """The audiences of an access token, what it is worth to them, and whether it may be a JWT.

    `scope` and `authorization_details` are what at least one of them is told; `readers` are those that are told
    something.
    """

    names: tuple[str, ...]
    as_jwt: bool
    scope: tuple[str, ...]
    authorization_details: Details = ()
    readers: tuple[ResourceServer, ...] = ()


class Reach(Value, frozen=True):
    """What a token is to be good for.

    `details` are those of this token, `granted_details` those that were granted beside its scope. `named` are the
    resources that this request names; where it names none, `granted_resources` bound the token, where there are any.
    """

    scope: tuple[str, ...]
    details: Details = ()
    granted_details: Details = ()
    named: tuple[str, ...] = ()
    granted_resources: tuple[str, ...] = ()


def resolve_audience(reach: Reach, servers: Iterable[ResourceServer], issuer: str) -> Audience:
    """Return the audience of a token: the resources named, else those that serve what it is good for, else the issuer.

    The issuer is an audience where the token is good at UserInfo. A JWT can be read by all for whom it is: it is one
    only where each takes one, and none would read details that are another's, or a scope without its details.

    Raises InvalidTarget where a resource is named at which the token would be good for nothing, and where it would be
    good for nothing at all.

    Spec: RFC8707-2, RFC8707-2.2, RFC9068-3, RFC9700-2.3, RFC9700-4.9.1, RFC9700-4.10.2, RFC9396-2.2, RFC9396-3.2,
    RFC9396-9.1
    """
    resolve = _resolve if reach.details or reach.granted_details else _resolve_scope
    return resolve(reach, tuple(servers), issuer)


def _resolve(reach: Reach, servers: tuple[ResourceServer, ...], issuer: str) -> Audience:
    scope = openid_scopes(reach.scope) if leaves_out(reach.granted_details, reach.details) else reach.scope
    names = _names(reach, scope, servers, issuer)
    named = frozenset(names)
    readers = tuple([server for server in servers if not named.isdisjoint(server.audiences)])
    details = tuple([each for each in reach.details if any(serves_detail(server, each) for server in readers)])
    # Also what an API has ceased to serve: a JWT would go on telling it, whatever introspection says.
    if reach.granted_details or readers:
        told = frozenset(SCOPES_OF_OPENID).union(*[scope_told(server, scope, reach.details) for server in readers])
        scope = tuple([name for name in scope if name in told])
    as_jwt = all(server.takes_jwt and (not details or serves_details(server, details)) for server in readers)
    return Audience(names, as_jwt, scope, details, readers)


_resolve_scope = lru_cache(_KEPT_ANSWERS)(_resolve)  # the same few answers, token after token; details have no hash


def scope_told(server: ResourceServer, scope: tuple[str, ...], details: Details) -> tuple[str, ...]:
    """Return what of a token's scope an API is told, where the token holds these details.

    Its own scopes, or all of them where it has named none of its own; none over data where a detail does not reach it.

    Spec: RFC7662-2.2, RFC9396-3.2, RFC9396-9.2
    """
    own = tuple([name for name in scope if name in server.scopes]) if server.scopes else scope
    return own if not details or serves_details(server, details) else openid_scopes(own)


def serves_detail(server: ResourceServer, detail: Detail) -> bool:
    """Return whether a detail is of a type that a resource server serves, and names it if it names any.

    Spec: RFC9396-2.2
    """
    locations = locations_of(detail)
    is_named = not locations or not set(locations).isdisjoint(server.audiences)
    return is_named and detail["type"] in server.authorization_details_types


def serves_details(server: ResourceServer, details: Details) -> bool:
    """Return whether a resource server serves each of some details.

    Spec: RFC9396-2.2
    """
    return all(serves_detail(server, detail) for detail in details)


def check_details_served(details: Details, resources: tuple[str, ...], servers: Iterable[ResourceServer]) -> None:
    """Check that each detail reaches an API, one of the resources where any are named, and so each of its locations.

    What no API serves would be taken from the person and reach nobody.

    Raises InvalidAuthorizationDetails.

    Spec: RFC9396-2.2, RFC9396-5, RFC8707-2
    """
    for detail in details:
        serving = [server for server in servers if detail["type"] in server.authorization_details_types]
        places = {place for server in serving for place in server.audiences}
        if not places.issuperset(locations_of(detail)):
            raise InvalidAuthorizationDetails(
                "Each location must be a resource that serves this type.", clause="RFC9396-2.2"
            )
        reached = [server for server in serving if serves_detail(server, detail)]
        if not reached:
            raise InvalidAuthorizationDetails(
                "No registered API serves authorization details of this type.", clause="RFC9396-5"
            )
        if resources and all(set(resources).isdisjoint(server.audiences) for server in reached):
            raise InvalidAuthorizationDetails(
                "None of the named resources serves these authorization_details.", clause="RFC9396-2.2"
            )


def _names(reach: Reach, scope: tuple[str, ...], servers: tuple[ResourceServer, ...], issuer: str) -> tuple[str, ...]:
    """Return the names of those for whom the token is: none at which it would be good for nothing.

    Spec: RFC8707-2, RFC8707-2.2
    """
    bounds, over_data = reach.named or reach.granted_resources, frozenset(scope).difference(SCOPES_OF_OPENID)
    served = [server for server in servers if _is_good_at(server, over_data, reach.details, is_named=bool(bounds))]
    reached = dict.fromkeys([audience for server in served for audience in server.audiences])
    if SCOPE_OPENID in scope or not (reached or bounds or reach.granted_details):
        reached[issuer] = None
    if not reached.keys() >= frozenset(reach.named):
        raise InvalidTarget(
            "Each resource must serve a requested scope or type of authorization_details.", clause="RFC8707-2"
        )
    names = tuple([name for name in bounds if name in reached]) if bounds else tuple(reached)
    if not names:
        raise InvalidTarget("No registered API serves what the request asks for.", clause="RFC8707-2")
    return names


def _is_good_at(server: ResourceServer, over_data: frozenset[str], details: Details, *, is_named: bool) -> bool:
    """Return whether a token is good for something at an API; one without scopes of its own must be named for them.

    Who a person is, which the scopes of OpenID Connect tell, is told at UserInfo and at no API. A scope over data is
    told, as by `scope_told`, where there is no detail that does not reach the API.

    Spec: RFC8707-2.2, RFC9700-2.3
    """
    if details:
        return any(serves_detail(server, detail) for detail in details)
    return not over_data.isdisjoint(server.scopes) if server.scopes else is_named and bool(over_data)
