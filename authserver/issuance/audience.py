"""Whom an access token is for, and in which form they take it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from authserver.clients.model import ResourceServer
from authserver.protocol.names import SCOPE_OPENID


@dataclass(frozen=True, slots=True)
class Audience:
    """The audiences of an access token; `as_jwt` says whether every one of them takes a JWT."""

    names: tuple[str, ...]
    as_jwt: bool


def resolve_audience(
    scope: Sequence[str], resources: Sequence[str], servers: Iterable[ResourceServer], issuer: str
) -> Audience:
    """Return the audience of a token: the resources named, else those that serve its scopes, else the issuer itself.

    The issuer is an audience where the token is good at UserInfo.

    Spec: RFC8707-2.2, RFC9068-3, RFC9700-2.3, RFC9700-4.9.1, RFC9700-4.10.2
    """
    chosen = [server for server in servers if _serves(server, scope, resources)]
    if resources:
        names = tuple(resources)
    else:
        served = tuple(audience for server in chosen for audience in server.audiences)
        names = (*served, issuer) if SCOPE_OPENID in scope or not served else served
    return Audience(names, as_jwt=all(server.takes_jwt for server in chosen))


def _serves(server: ResourceServer, scope: Sequence[str], resources: Sequence[str]) -> bool:
    if resources:
        return bool(set(resources) & set(server.audiences))
    return bool(server.scopes & set(scope))
